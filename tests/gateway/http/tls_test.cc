// The listener under TLS, met by clients that use OpenSSL by themselves.
#include "gateway/http/tls.h"

#include "tests/gateway/http/tls_client.h"

namespace titip::http {
namespace {

using tests::Certificate;

class TlsTest : public ServerTest {
 protected:
  static TlsMaterial material(const Certificate& own) { return {own.pem(), own.key_pem()}; }
  void begin(const TlsMaterial& with) {
    const auto used = tls_->use(with);
    ASSERT_TRUE(used) << used.error();
    options_.tls = tls_;
    handler_ = [](const Request& request, Responder respond) {
      std::string names = request.peer_names ? "names" : "nobody";
      if (request.peer_names)
        for (const auto& each : *request.peer_names) names += " " + each;
      respond({200, "text/plain", {}, names + "\n"});
    };
    start();
  }
  bool has_refused(const std::string& reason) {
    return eventually([&] { return registry_.expose().contains("reason=\"" + reason + "\"} 1"); });
  }

  Certificate authority_{"DNS:authority"};
  Certificate own_{"DNS:localhost", &authority_};
  std::shared_ptr<Tls> tls_ = std::make_shared<Tls>();
};

TEST_F(TlsTest, requests_are_served_one_after_the_other_and_the_end_is_said) {
  begin(material(own_));
  TlsClient client(port_, authority_);
  ASSERT_TRUE(client.is_connected());
  EXPECT_EQ(SSL_version(client.ssl()), TLS1_3_VERSION);
  client.send(get("/a"));
  EXPECT_TRUE(client.until("nobody\n").starts_with("HTTP/1.1 200 OK"));
  client.send(post(std::string(200'000, 'a')));
  EXPECT_TRUE(client.until("nobody\n").starts_with("HTTP/1.1 200 OK"));
  client.send(get("/c", "Connection: close\r\n"));
  const auto [text, goodbye] = client.rest();
  EXPECT_TRUE(text.contains("nobody")) << text;
  EXPECT_TRUE(goodbye) << "else nobody could tell the end from a cut";
  EXPECT_TRUE(connections_become(0));
}

TEST_F(TlsTest, a_fault_is_answered_while_the_body_still_comes) {
  options_.body_bytes = 1000;
  begin(material(own_));
  TlsClient client(port_, authority_);
  ASSERT_TRUE(client.is_connected());
  client.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n");
  client.send(std::string(100'000, 'b'));
  EXPECT_TRUE(client.rest().first.starts_with("HTTP/1.1 413 "));
}

TEST_F(TlsTest, old_versions_and_weak_suites_are_refused) {
  begin(material(own_));
  EXPECT_FALSE(TlsClient(port_, authority_, {.newest = TLS1_1_VERSION, .suites = "ALL", .security = 0}).is_connected());
  for (const auto* weak :
       {"ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES128-SHA256", "AES128-GCM-SHA256", "eNULL", "aNULL"})
    EXPECT_FALSE(TlsClient(port_, authority_, {.newest = TLS1_2_VERSION, .suites = weak, .security = 0}).is_connected())
        << weak;
  EXPECT_TRUE(TlsClient(port_, authority_, {.newest = TLS1_2_VERSION}).is_connected());
}

TEST_F(TlsTest, no_renegotiation_no_ticket_no_session_to_come_back_to) {
  begin(material(own_));
  TlsClient client(port_, authority_, {.newest = TLS1_2_VERSION});
  ASSERT_TRUE(client.is_connected());
  const auto* session = SSL_get0_session(client.ssl());
  EXPECT_FALSE(SSL_SESSION_has_ticket(session));
  unsigned int size = 0;
  SSL_SESSION_get_id(session, &size);
  EXPECT_EQ(size, 0U);
  EXPECT_EQ(SSL_get_current_compression(client.ssl()), nullptr);
  SSL_renegotiate(client.ssl());
  EXPECT_LE(SSL_do_handshake(client.ssl()), 0);
  TlsClient newer(port_, authority_);
  newer.send(get("/"));
  newer.until("nobody\n");
  EXPECT_FALSE(SSL_SESSION_is_resumable(SSL_get0_session(newer.ssl())));
}

TEST_F(TlsTest, http_1_1_is_agreed_upon_and_nothing_else) {
  begin(material(own_));
  const std::string both = "\x02h2\x08http/1.1";
  TlsClient client(port_, authority_, {.alpn = both});
  ASSERT_TRUE(client.is_connected());
  const unsigned char* chosen = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(client.ssl(), &chosen, &size);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(chosen), size), "http/1.1");
  EXPECT_FALSE(TlsClient(port_, authority_, {.alpn = "\x02h2"}).is_connected());
}

TEST_F(TlsTest, who_never_shakes_hands_is_closed) {
  options_.handshake_deadline = 300ms;
  begin(material(own_));
  Client silent(port_);
  EXPECT_EQ(silent.rest(), "");
  EXPECT_TRUE(has_refused("handshake_timeout"));
  Client plain(port_);
  plain.send(get("/"));
  const auto said = plain.rest();
  ASSERT_TRUE(said);
  EXPECT_FALSE(said->contains("HTTP/1.1"));
  EXPECT_TRUE(has_refused("handshake_failed"));
  EXPECT_TRUE(connections_become(0));
}

TEST_F(TlsTest, an_orderly_stop_waits_for_no_handshake) {
  begin(material(own_));
  Client silent(port_);
  ASSERT_TRUE(connections_become(1));
  on_loop([this] { server_->stop(); });
  EXPECT_EQ(silent.rest(), "");
}

TEST_F(TlsTest, a_clients_names_are_those_of_a_certificate_that_was_checked) {
  const Certificate clinics("DNS:clinics");
  auto with = material(own_);
  with.client_authorities = clinics.pem();
  begin(with);
  const auto told = [&](const Certificate* certificate) {
    TlsClient client(port_, authority_, {.own = certificate});
    client.send(get("/", "Connection: close\r\n"));
    const auto answer = client.rest().first;
    return answer.substr(std::min(answer.size(), answer.find("\r\n\r\n") + 4));
  };
  EXPECT_EQ(told(nullptr), "nobody\n") << "whether it must have one is said elsewhere";
  const Certificate good("DNS:0905R002.faskes.test,DNS:second,IP:127.0.0.1,email:a@b.test", &clinics);
  EXPECT_EQ(told(&good), "names 0905R002.faskes.test second\n");
  const Certificate stranger("DNS:0905R002.faskes.test", &authority_);
  EXPECT_EQ(told(&stranger), "") << "another authority";
  const Certificate late("DNS:0905R002.faskes.test", &clinics, -3600);
  EXPECT_EQ(told(&late), "") << "expired";
  EXPECT_TRUE(eventually([&] { return registry_.expose().contains("reason=\"handshake_failed\"} 2"); }));
}

TEST_F(TlsTest, another_certificate_is_for_those_who_come) {
  begin(material(own_));
  TlsClient before(port_, authority_);
  ASSERT_TRUE(before.is_connected());
  const Certificate other_authority("DNS:other authority");
  const Certificate other("DNS:localhost", &other_authority);
  ASSERT_TRUE(tls_->use(material(other)));
  EXPECT_FALSE(TlsClient(port_, authority_).is_connected());
  EXPECT_TRUE(TlsClient(port_, other_authority).is_connected());
  before.send(get("/"));
  EXPECT_TRUE(before.until("nobody\n").contains("200 OK")) << "who is connected stays so";
}

// A reload takes an authority away: whom it signed is nobody at the next request, and not before.
TEST_F(TlsTest, who_is_connected_is_believed_as_long_as_its_authority_is) {
  const Certificate clinics("DNS:clinics");
  const Certificate others("DNS:others");
  const Certificate good("DNS:0905R002.faskes.test", &clinics);
  auto with = material(own_);
  with.client_authorities = clinics.pem();
  begin(with);
  TlsClient client(port_, authority_, {.own = &good});
  const auto told = [&] {
    client.send(get("/"));
    return client.until("\n\n").contains("names 0905R002.faskes.test\n");
  };
  handler_ = [](const Request& request, Responder respond) {
    std::string names = request.peer_names ? "names" : "nobody";
    if (request.peer_names)
      for (const auto& each : *request.peer_names) names += " " + each;
    respond({200, "text/plain", {}, names + "\n\n"});
  };
  ASSERT_TRUE(told());
  with.client_authorities = clinics.pem() + others.pem();
  ASSERT_TRUE(tls_->use(with));
  EXPECT_TRUE(told()) << "another one beside it";
  with.client_authorities = clinics.pem();
  ASSERT_TRUE(tls_->use(with));
  EXPECT_TRUE(told());
  with.client_authorities = others.pem();
  ASSERT_TRUE(tls_->use(with));
  client.send(get("/"));
  const auto [text, goodbye] = client.rest();
  EXPECT_TRUE(text.contains("nobody\n")) << text;
  EXPECT_TRUE(text.contains("Connection: close")) << "so that it begins anew";
  EXPECT_TRUE(goodbye);
  EXPECT_TRUE(has_refused("certificate_withdrawn"));
}

TEST_F(TlsTest, who_is_connected_is_nobody_when_no_certificates_are_asked_for_any_more) {
  const Certificate clinics("DNS:clinics");
  const Certificate good("DNS:0905R002.faskes.test", &clinics);
  auto with = material(own_);
  with.client_authorities = clinics.pem();
  begin(with);
  TlsClient client(port_, authority_, {.own = &good});
  TlsClient stranger(port_, authority_);
  client.send(get("/"));
  ASSERT_TRUE(client.until("test\n").contains("names 0905R002"));
  ASSERT_TRUE(tls_->use(material(own_)));
  client.send(get("/"));
  EXPECT_TRUE(client.rest().first.contains("nobody\n"));
  stranger.send(get("/"));
  EXPECT_FALSE(stranger.until("nobody\n").contains("close")) << "who showed none loses none";
}

TEST(TlsMaterialTest, what_cannot_be_used_is_named_and_changes_nothing) {
  const Certificate authority("DNS:authority");
  const Certificate own("DNS:localhost", &authority);
  const Certificate other("DNS:other", &authority);
  Tls tls;
  ASSERT_TRUE(tls.use({own.pem() + authority.pem(), own.key_pem()}));
  const auto seconds_left = [](std::chrono::system_clock::time_point until) {
    return std::chrono::duration<double>(until - std::chrono::system_clock::now()).count();
  };
  EXPECT_NEAR(seconds_left(tls.validity().own), 86'400, 60);
  EXPECT_FALSE(tls.validity().client_authorities);
  // Of several the first to end: a chain is worth nothing without one of its links.
  const Certificate soon("DNS:soon", nullptr, 3'600);
  ASSERT_TRUE(tls.use({own.pem() + soon.pem(), own.key_pem(), authority.pem() + soon.pem()}));
  EXPECT_NEAR(seconds_left(tls.validity().own), 3'600, 60);
  ASSERT_TRUE(tls.validity().client_authorities);
  EXPECT_NEAR(seconds_left(*tls.validity().client_authorities), 3'600, 60);
  ASSERT_TRUE(tls.use({own.pem(), own.key_pem()}));
  EXPECT_FALSE(tls.validity().client_authorities);
  const auto context = tls.context();
  const auto fault = [&](const TlsMaterial& material) {
    const auto used = tls.use(material);
    return used ? std::string("none") : used.error();
  };
  EXPECT_TRUE(fault({"", own.key_pem()}).starts_with("the certificate cannot be read")) << fault({"", ""});
  EXPECT_TRUE(fault({own.pem(), "nonsense"}).starts_with("the key cannot be read"));
  EXPECT_TRUE(fault({own.pem(), other.key_pem()}).starts_with("the key does not belong to the certificate"));
  EXPECT_TRUE(fault({own.pem(), own.key_pem(), "nonsense"}).starts_with("the authorities of clients' certificates"));
  EXPECT_EQ(tls.context(), context);
}

}  // namespace
}  // namespace titip::http
