import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { companyDirectory } from '../../src/company-directory/company-directory.ts'
import type { DirectorySettings } from '../../src/company-directory/directory-config.ts'
import {
  addAccount,
  claimsOf,
  GOOD_PASSWORD,
  identityStage,
  setPassword,
  setUpFactor,
  trySignIn,
} from '../account-stage.ts'
import { addFrontEnd, CALLBACK, postForm } from '../tokens/client-stage.ts'
import { BASE, noSlapd, READER, READER_PASSWORD, startDirectory, type Directory } from './slapd.ts'

const PASSWORD = 'Of-the-directory-1!'
const settings = (directory: Directory, others: Partial<DirectorySettings> = {}) => ({
  DIRECTORY_URL: directory.secureUrl,
  DIRECTORY_CA_FILE: directory.caFile,
  DIRECTORY_BASE: BASE,
  DIRECTORY_ATTRIBUTE: 'uid',
  DIRECTORY_READER: READER,
  DIRECTORY_READER_PASSWORD: READER_PASSWORD,
  ...others,
})
const refusalOf = async (asked: Promise<boolean>) => {
  const error: unknown = await asked.then(
    () => null,
    (reason: unknown) => reason,
  )
  return (error as { code?: string } | null)?.code
}

// Debian's slapd is optional: where it is missing, that is said, and where CI runs the tests fail.
const describeWith = noSlapd === null || process.env.CI === 'true' ? describe : describe.skip
describeWith(`with a directory (missing: ${noSlapd ?? 'nothing'})`, () => {
  let directory: Directory
  let stage: TestService
  let account: Awaited<ReturnType<typeof addAccount>>
  beforeAll(async () => {
    // The name is known before the directory is: both have the same person.
    const people = ['ANNA', 'BERT', 'CLARA', 'DORA', 'EMIL', 'FRIDA'].map((uid) => ({
      uid,
      password: PASSWORD,
    }))
    const twins = ['one', 'two'].map((cn) => ({ uid: 'TWIN', cn, password: PASSWORD }))
    directory = await startDirectory([...people, ...twins])
    stage = await identityStage(settings(directory))
    account = await named('ANNA')
  })
  afterAll(async () => {
    await stage.release()
    await directory.release()
  })

  /** An account whose owner has the name in the directory. */
  async function named(userName: string) {
    const added = await addAccount(stage)
    const { lookup, seal } = await import('@erp-steward/test-kit/personal-data').then(
      ({ TEST_PERSONAL_DATA }) => TEST_PERSONAL_DATA,
    )
    await stage.db.query('update account set user_name = $2, user_name_lookup = $3 where id = $1', [
      added.id,
      seal(added.id, 'user-name', userName),
      lookup('user-name', userName),
    ])
    return { ...added, userName }
  }

  test('[A-2.2.1] a person signs in with the password of the directory, over TLS, and it is a fact', async () => {
    const opened = await trySignIn(stage, account, PASSWORD)
    expect(opened.statusCode).toBe(201)
    const tokens = opened.json<{ accessToken: string }>()
    expect(opened.json()).toMatchObject({ mustChangePassword: false })
    expect(claimsOf(tokens.accessToken).amr).toEqual(['pwd'])
    const fact = (await queuedEvents(stage.db)).findLast(({ subject }) => subject === account.id)
    expect(fact?.data).toMatchObject({ passwordOf: 'directory', initialPassword: false })
    const headers = { authorization: `Bearer ${tokens.accessToken}` }
    const change = await stage.app.inject({
      ...{ method: 'PUT', url: '/v1/accounts/me/password', headers },
      payload: { currentPassword: PASSWORD, newPassword: GOOD_PASSWORD },
    })
    expect([change.statusCode, change.json<{ code: string }>().code]).toEqual([
      409,
      'password-in-directory',
    ])
    // What is asked for again is the directory's password, too.
    const { device } = await setUpFactor(stage, headers, { password: PASSWORD })
    expect((await trySignIn(stage, account, PASSWORD)).statusCode).toBe(401)
    const code = device.unusedCode(stage.now)
    const both = await trySignIn(stage, account, PASSWORD, '127.0.0.1', code)
    expect(both.statusCode).toBe(201)
  })

  test('[A-2.2.1] a wrong password, a password here, a name without account or without entry get one answer', async () => {
    const bert = await named('BERT')
    await setPassword(stage, bert)
    const nobody = await named('NOT.IN.IT')
    const answers = [
      await trySignIn(stage, bert, 'Wrong-guess-2026!'),
      // A password that was chosen here opens nothing any more.
      await trySignIn(stage, bert, GOOD_PASSWORD),
      await trySignIn(stage, nobody, PASSWORD),
      // In the directory, and with the right password, but nobody here.
      await trySignIn(stage, { userName: 'CLARA' }, PASSWORD),
      await trySignIn(stage, { userName: 'NOBODY.AT.ALL' }, PASSWORD),
    ]
    const told = answers.map((answer) => {
      const { instance: _instance, ...body } = answer.json<Record<string, unknown>>()
      return [answer.statusCode, JSON.stringify(body)]
    })
    expect(new Set(told.map(String)).size).toBe(1)
    expect(told[0]?.[0]).toBe(401)
    expect((await trySignIn(stage, bert, PASSWORD)).statusCode).toBe(201)
  })

  test('[A-2.2.2] wrong guesses are counted before the directory is asked, so that its own lock is not reached', async () => {
    const dora = await named('DORA')
    for (let tries = 0; tries < 5; tries += 1)
      expect((await trySignIn(stage, dora, 'Wrong-guess-2026!')).statusCode).toBe(401)
    expect((await trySignIn(stage, dora, PASSWORD)).statusCode).toBe(423)
  })

  test('[A-2.1.4] who is disabled here is refused whatever the directory says', async () => {
    const emil = await named('EMIL')
    await stage.db.query(`update account set status = 'disabled' where id = $1`, [emil.id])
    expect((await trySignIn(stage, emil, PASSWORD)).statusCode).toBe(401)
  })

  test('administrators have their own passwords, so that a directory that is away, or its administrators, change nothing', async () => {
    const administrator = await addAccount(stage, { administratorRole: 'SECURITY_ADMIN' })
    await setPassword(stage, administrator)
    expect((await trySignIn(stage, administrator)).statusCode).toBe(201)
  })

  test('a directory that is away is no refusal: 503, and nothing is counted', async () => {
    const frida = await named('FRIDA')
    const frontEnd = await addFrontEnd(stage)
    await directory.stop()
    for (let tries = 0; tries < 7; tries += 1) {
      const away = await trySignIn(stage, frida, PASSWORD)
      expect([away.statusCode, away.headers['retry-after']]).toEqual([503, '5'])
    }
    const page = await postForm(stage, '/v1/authorizations', {
      ...{ client_id: frontEnd.id, redirect_uri: CALLBACK, response_type: 'code' },
      ...{ code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM' },
      ...{ code_challenge_method: 'S256', user_name: 'FRIDA', password: PASSWORD },
    })
    expect([page.statusCode, page.headers['content-type']]).toEqual([
      503,
      'text/html; charset=utf-8',
    ])
    await directory.start()
    expect((await trySignIn(stage, frida, PASSWORD)).statusCode).toBe(201)
  })

  test('[A-4.3.2] an address in clear is left for TLS first, many times, and a certificate of nobody known ends it', async () => {
    const started = companyDirectory(settings(directory, { DIRECTORY_URL: directory.plainUrl }))
    const check = (password: string) => started?.check('ANNA', password) ?? Promise.resolve(null)
    const asked = Array.from({ length: 6 }, () => check(PASSWORD))
    expect(await Promise.all(asked)).toEqual(asked.map(() => true))
    expect(await check('Wrong-guess-2026!')).toBe(false)
    const unknown = companyDirectory(settings(directory, { DIRECTORY_CA_FILE: '' }))
    expect(await refusalOf(unknown?.check('ANNA', PASSWORD) ?? Promise.resolve(true))).toBe(
      'unavailable',
    )
  })

  test.each(['*', 'ANNA)(uid=*', 'ANNA\\2a', 'AN*', '', 'anna,dc=corp', '\u0000', 'TWIN'])(
    'the name %j is that of nobody',
    async (name) => {
      expect(await companyDirectory(settings(directory))?.check(name, PASSWORD)).toBe(false)
    },
  )

  test('no password is none, though a directory takes a bind without one as of nobody', async () => {
    expect(await companyDirectory(settings(directory))?.check('ANNA', '')).toBe(false)
  })

  test('a reader whom the directory does not know makes it unavailable, not everybody wrong', async () => {
    const mistaken = companyDirectory(settings(directory, { DIRECTORY_READER_PASSWORD: 'no' }))
    expect(await refusalOf(mistaken?.check('ANNA', PASSWORD) ?? Promise.resolve(true))).toBe(
      'unavailable',
    )
  })
})

describe('a directory that is none', () => {
  let server: Server
  const open = new Set<Socket>()
  let url: string
  let heard = ''
  beforeAll(async () => {
    // Takes what comes and hangs up: whatever is said after that would be said to anybody.
    server = createServer((socket) => {
      open.add(socket)
      socket.on('data', (data) => {
        heard += data.toString('latin1')
        socket.destroy()
      })
      socket.on('error', () => undefined)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    url = `ldap://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  })
  afterAll(async () => {
    for (const socket of open) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  const pretended = () =>
    companyDirectory({
      ...{ DIRECTORY_URL: url, DIRECTORY_CA_FILE: '', DIRECTORY_BASE: BASE },
      ...{ DIRECTORY_ATTRIBUTE: 'uid', DIRECTORY_READER: READER },
      DIRECTORY_READER_PASSWORD: READER_PASSWORD,
    })

  test('[A-4.3.2] one that does not secure the connection hears neither name nor password', async () => {
    const asked = pretended()?.check('ANNA', PASSWORD) ?? Promise.resolve(true)
    expect(await refusalOf(asked)).toBe('unavailable')
    expect(heard).not.toContain(PASSWORD)
    expect(heard).not.toContain(READER_PASSWORD)
    expect(heard).not.toContain('ANNA')
  })

  test('settings that name a directory but not where its people are end the start', () => {
    expect(() =>
      companyDirectory({
        ...{ DIRECTORY_URL: url, DIRECTORY_CA_FILE: '', DIRECTORY_BASE: '' },
        ...{ DIRECTORY_ATTRIBUTE: 'uid', DIRECTORY_READER: '', DIRECTORY_READER_PASSWORD: '' },
      }),
    ).toThrow('DIRECTORY_BASE')
  })
})
