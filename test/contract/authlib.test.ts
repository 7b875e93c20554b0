import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect } from '@jest/globals'
import { bearer } from '@erp-steward/test-kit/tokens'
import { stillValid } from '../../services/identity/test/account-stage.ts'
import { addMachine } from '../../services/identity/test/tokens/client-stage.ts'
import { pythonPackages } from './python-packages.ts'
import { openSignInSite, type SignInSite } from './sign-in-site.ts'
import { testWith } from '@erp-steward/test-kit/test-with'

const run = promisify(execFile)
const python = await pythonPackages()
const { missing, folder } = { missing: null, folder: '', ...python }

let site: SignInSite
beforeAll(async () => {
  site = await openSignInSite()
})
afterAll(() => site.close())

/** A confirmed key of a machine, its private half as PEM; of RSA, for Authlib reads PEM as nothing else. */
async function keyOf(clientId: string): Promise<string> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  const by = (role: 'SYSTEM_ADMIN' | 'AUDIT_ADMIN') =>
    bearer({ roles: [role], iss: site.issuer, exp: stillValid(site.identity) })
  const registered = await site.identity.app.inject({
    ...{ method: 'POST', url: `/v1/clients/${clientId}/keys`, headers: by('SYSTEM_ADMIN') },
    payload: { jwk: publicKey.export({ format: 'jwk' }) },
  })
  const { thumbprint } = registered.json<{ thumbprint: string }>()
  const url = `/v1/clients/${clientId}/keys/${thumbprint}/confirmation`
  const { statusCode } = await site.identity.app.inject({
    ...{ method: 'POST', url, headers: by('AUDIT_ADMIN') },
  })
  expect(statusCode).toBe(200)
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

testWith(
  missing,
  'Authlib: a machine by secret and key, a person by code and PKCE, refresh, introspection, revocation',
  async () => {
    const machine = await addMachine(site.identity)
    const person = await site.addPerson()
    const frontEnd = await site.addFrontEnd('http://127.0.0.1:9/callback', 'http://127.0.0.1:9/bye')
    const { stdout } = await run('python3', [join(import.meta.dirname, 'clients/sign_in.py')], {
      env: {
        PATH: process.env.PATH,
        PYTHONPATH: folder,
        PYTHONDONTWRITEBYTECODE: '1',
        // The test speaks without TLS, on the own machine.
        AUTHLIB_INSECURE_TRANSPORT: '1',
        STEWARD: site.issuer,
        MACHINE_ID: machine.id,
        MACHINE_SECRET: machine.secret,
        MACHINE_KEY: await keyOf(machine.id),
        FRONT_END_ID: frontEnd.id,
        FRONT_END_SECRET: frontEnd.secret,
        PERSON_ID: person.id,
        USER_NAME: person.userName,
        PASSWORD: person.password,
      },
    })
    expect(stdout.trim()).toBe('signed in, renewed and out again')
  },
)
