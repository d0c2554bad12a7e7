/**
 * A certificate that nobody's authority signed, and its key: for loopback servers in tests alone, for a host name that cannot
 * exist (RFC 6761 reserves `.test`), so the key is no secret. Made with `openssl req -x509 -newkey ec -days 36500`.
 */
export const selfSigned = {
  host: 'staging.example.test',
  key: `
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgcS5jCkZKOM4UuF4Z
e/P7blN7hjQwxh1qTLa/McN7zKOhRANCAAR5HopmDUTxYREQIoYD9ZtNK46rpfqB
OG1JkoO4POQNTKDCP2mBXkElLLIJ1o8cgK/EZj6SGVZ1Ub8MnbRkZO6n
-----END PRIVATE KEY-----
`,
  cert: `
-----BEGIN CERTIFICATE-----
MIIBtjCCAVygAwIBAgIUaugK6lt57EaipFoZ4zx6+BWgwyIwCgYIKoZIzj0EAwIw
HzEdMBsGA1UEAwwUc3RhZ2luZy5leGFtcGxlLnRlc3QwIBcNMjYxMTIyMjEyMjA1
WhgPMjEyNjEwMjkyMTIyMDVaMB8xHTAbBgNVBAMMFHN0YWdpbmcuZXhhbXBsZS50
ZXN0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeR6KZg1E8WERECKGA/WbTSuO
q6X6gThtSZKDuDzkDUygwj9pgV5BJSyyCdaPHICvxGY+khlWdVG/DJ20ZGTup6N0
MHIwHQYDVR0OBBYEFLxHsZawGZ5310Nbv5/rp6RsFZOxMB8GA1UdIwQYMBaAFLxH
sZawGZ5310Nbv5/rp6RsFZOxMA8GA1UdEwEB/wQFMAMBAf8wHwYDVR0RBBgwFoIU
c3RhZ2luZy5leGFtcGxlLnRlc3QwCgYIKoZIzj0EAwIDSAAwRQIhAIzIhWGcpCry
bBmm1DRqV7zkAy4pm/vv1jCBhv7tpVXBAiATpHodIDDzjHtSwJr69+H3dMsHiAVc
QWUtFf6oUeTn8Q==
-----END CERTIFICATE-----
`,
};
