#include "tests/sampler/bodies.h"

#include <nlohmann/json.hpp>

namespace titip::sampler {

std::string registration_body(const Person& person) {
  nlohmann::ordered_json body;
  body["nik"] = person.nik;
  body["noTiket"] = person.ticket;
  body["nama"] = person.name;
  body["tglLahir"] = person.birth_date;
  body["noHp"] = person.phone;
  body["kodeKategori"] = person.category;
  body["alamat"] = person.address;
  body["isCetak"] = 0;
  return body.dump();
}

std::string dose_body(const Person& person, const Dose& dose) {
  nlohmann::ordered_json body;
  body["kdPpk"] = dose.facility;
  body["noTiket"] = person.ticket;
  body["nik"] = person.nik;
  body["nama"] = person.name;
  body["tglLahir"] = person.birth_date;
  body["noHp"] = person.phone;
  body["alamat"] = person.address;
  body["kodeKategori"] = person.category;
  body["tglVaksin"] = dose.date;
  body["dosis"] = dose.number;
  body["jenisVaksin"] = dose.vaccine;
  body["noBatch"] = dose.batch;
  body["skrining"] = {
      {"suhu", dose.temperature_tenths / 10.0}, {"tekananDarah", dose.blood_pressure}, {"hasil", dose.screening}};
  body["observasi"] = {{"keluhan", ""}};
  body["alasan"] = "";
  return body.dump();
}

}  // namespace titip::sampler
