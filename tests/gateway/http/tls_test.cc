// The listener under TLS, met by clients that use OpenSSL by themselves.
#include "gateway/http/tls.h"

#include <openssl/ssl.h>

#include "tests/gateway/http/certificates.h"
#include "tests/gateway/http/server_fixture.h"

namespace titip::http {
namespace {

using tests::Certificate;

// What a client wants of its connection.
struct Wish {
  int newest = TLS1_3_VERSION;
  std::string suites{};  // of 1.2
  std::string alpn{};
  const Certificate* own = nullptr;
  int security = 2;
};

class TlsClient {
 public:
  TlsClient(std::uint16_t port, const Certificate& trusted, const Wish& wish = {})
      : client_(port), context_(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free), ssl_(nullptr, &SSL_free) {
    SSL_CTX_set_security_level(context_.get(), wish.security);
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context_.get(), wish.newest);
    if (!wish.suites.empty()) SSL_CTX_set_cipher_list(context_.get(), wish.suites.c_str());
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context_.get()), trusted.x509());
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    if (wish.own != nullptr) {
      SSL_CTX_use_certificate(context_.get(), wish.own->x509());
      SSL_CTX_use_PrivateKey(context_.get(), wish.own->key());
    }
    ssl_.reset(SSL_new(context_.get()));
    if (!wish.alpn.empty())
      SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(wish.alpn.data()),
                          static_cast<unsigned int>(wish.alpn.size()));
    SSL_set_fd(ssl_.get(), client_.socket().native_handle());
    SSL_set1_host(ssl_.get(), "localhost");
    is_connected_ = SSL_connect(ssl_.get()) == 1;
  }

  bool is_connected() const { return is_connected_; }
  SSL* ssl() { return ssl_.get(); }
  void send(std::string_view bytes) { SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())); }
  // What has come when the pattern has, or when no more does.
  std::string until(std::string_view pattern) {
    std::string got;
    std::array<char, 4096> bytes{};
    while (!got.contains(pattern)) {
      const auto count = SSL_read(ssl_.get(), bytes.data(), bytes.size());
      if (count <= 0) break;
      got.append(bytes.data(), static_cast<std::size_t>(count));
    }
    return got;
  }
  // Everything, and whether the server said goodbye.
  std::pair<std::string, bool> rest() {
    auto got = until("nothing says this");
    return {got, (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0};
  }

 private:
  Client client_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  bool is_connected_ = false;
};

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
