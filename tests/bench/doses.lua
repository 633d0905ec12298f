-- wrk: doses of ever new persons, the payload of wire.cc.
local id = 0
function setup(thread) thread:set("thread_no", id); id = id + 1 end
function init(args)
  n = 0
  local date = os.date("!%Y-%m-%d", os.time() + 7 * 3600)
  first = '{"kdPpk":"P0001","noTiket":"U-%08d","nik":"99%014d","nama":"Orang Uji %014d","tglLahir":"1990-01-01","noHp":"000%014d",'
    .. '"alamat":"Jalan Contoh 1, Desa Uji","kodeKategori":"4","tglVaksin":"' .. date .. '","dosis":1,"jenisVaksin":"1",'
    .. '"noBatch":"UJI0001","skrining":{"suhu":36.5,"tekananDarah":"120/80","hasil":"lanjut"},"observasi":{"keluhan":""},'
    .. '"alasan":"","catatan":"'
  local length = #string.format(first, 0, 0, 0, 0)
  first = first .. string.rep("x", 798 - length) .. '"}'
end
function request()
  n = n + 1
  local serial = thread_no * 50000000 + n
  return wrk.format("POST", "/vaksin/vaksin/simpan",
    {["x-kdppk"] = "P0001", ["Content-Type"] = "application/json", ["Idempotency-Key"] = "visit-" .. serial},
    string.format(first, serial % 100000000, serial, serial, serial))
end
function done(summary, latency, requests)
  io.write(string.format("non-2xx: %d  errors: connect %d read %d write %d timeout %d\n", summary.errors.status,
    summary.errors.connect, summary.errors.read, summary.errors.write, summary.errors.timeout))
end
