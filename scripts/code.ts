// npm run code -- JBSWY3DPEHPK3PXP…: the code that an authenticator app with this secret shows now (TOTP, RFC 6238).
import { Secret, TOTP } from 'otpauth'

const [secret] = process.argv.slice(2)
if (secret === undefined || !/^[A-Z2-7]+=*$/i.test(secret)) {
  process.stderr.write('Usage: npm run code -- <secret in base32>\n')
  process.exit(2)
}
process.stdout.write(`${new TOTP({ secret: Secret.fromBase32(secret) }).generate()}\n`)
