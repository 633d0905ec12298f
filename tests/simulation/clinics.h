// The clinics of one simulated day: new doses, registrations with what depends on them, corrections, edits, the same
// form twice, a key used again for something else. Whoever gets no answer, or a refusal that will pass, sends again.
// One thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/simulation/stage.h"

namespace titip::simulation {

class Clinics {
 public:
  Clinics(std::uint64_t seed, std::uint32_t facilities, const tests::FakeClock& clock, Agenda& agenda, Stage& stage,
          Records& records, Findings& findings);

  // `forms` of them between now and `until`, most in the first ten hours.
  void open(std::uint32_t forms, milliseconds until);
  void gateway_died();

 private:
  struct Person {
    std::string nik;
    std::string facility;
  };
  struct Dose {
    Form* form = nullptr;
    std::size_t person = 0;
    int number = 1;
    std::string date;
  };
  void one_form();
  Person& new_person();
  Form& dose(std::size_t person, int number, std::string_view route, const std::string& date);
  Form& person_form(std::size_t person, std::string_view route);
  void new_dose();
  void registration();
  void correct();
  void edit();
  void again();
  void reuse_key();
  void repeat_ended();
  static void replace(Form& form, Form& ended);
  void take_back(std::size_t person);
  bool has_lost_its_place(Form& form) const;
  void judge_misuse(const Form& form, const intake::Refused& refused);
  void send(Form& form);
  void send_in(std::uint32_t most_ms, Form& form);
  void answered(Form& form, const intake::Answer& answer);
  void send_again_later(Form& form);
  std::string next_token();

  const std::uint32_t facilities_;
  const tests::FakeClock& clock_;
  Agenda& agenda_;
  Stage& stage_;
  Records& records_;
  Findings& findings_;
  sampler::Random random_;
  std::vector<Person> people_;
  std::vector<Dose> doses_;
  std::vector<Form*> all_;
  std::map<std::uint64_t, Form*> waiting_;  // for an answer of this life
  std::uint64_t requests_ = 0;
  std::uint64_t tokens_ = 0;
};

}  // namespace titip::simulation
