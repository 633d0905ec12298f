-- How many writes a second one core serves (wrk, Debian package of that name):
--   taskset -c 0 build/release/pcare_sim --listen 127.0.0.1:18931 --accept-unregistered
--   taskset -c 1 wrk -t1 -c64 -d10s -s tests/pcare_sim/wrk_writes.lua http://127.0.0.1:18931
local id = 0
function setup(thread) thread:set("thread_no", id); id = id + 1 end
function init(args) n = 0; date = os.date("!%Y-%m-%d", os.time() + 7 * 3600) end
function request()
  n = n + 1
  local serial = thread_no * 50000000 + n
  local nik = string.format("99%014d", serial)
  local body = string.format('{"kdPpk":"0905R001","noTiket":"U-%08d","nik":"%s","nama":"Orang Uji %d","tglLahir":"1990-01-01","noHp":"000%09d","alamat":"Jalan Contoh 1, Desa Uji","kodeKategori":"4","tglVaksin":"%s","dosis":1,"jenisVaksin":"1","noBatch":"UJI0001","skrining":{"suhu":36.5,"tekananDarah":"120/80","hasil":"lanjut"},"observasi":{"keluhan":""},"alasan":""}', serial, nik, serial, serial, date)
  return wrk.format("POST", "/vaksin/vaksin/simpan", {["x-kdppk"]="0905R001", ["Content-Type"]="application/json", ["Idempotency-Key"]="sub-" .. serial}, body)
end
function done(summary, latency, requests)
  io.write(string.format("non-2xx: %d  errors: connect %d read %d write %d timeout %d\n", summary.errors.status, summary.errors.connect, summary.errors.read, summary.errors.write, summary.errors.timeout))
end
