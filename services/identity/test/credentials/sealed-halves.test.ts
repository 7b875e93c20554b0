import { execFileSync } from 'node:child_process'
import { constants, generateKeyPairSync, privateDecrypt, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { testAct } from '@erp-steward/test-kit/test-act'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { activateClient } from '../../src/clients/activate-client.ts'
import { requestClient } from '../../src/clients/request-client.ts'
import {
  addAccount,
  claimPassword,
  claimSecret,
  identityStage,
  pass,
  setPassword,
  trySignIn,
} from '../account-stage.ts'
import {
  as,
  call,
  join as joinPerson,
  joined,
  ok,
  onPerson,
  refusal,
  smallCompany,
  type PersonView,
} from '../directory-stage.ts'

let stage: TestService
let company: Awaited<ReturnType<typeof smallCompany>>
beforeAll(async () => {
  stage = await identityStage()
  company = await smallCompany(stage)
})
afterAll(() => stage.release())

type Headers = Record<string, string>

interface Half {
  readonly accountId: string
  readonly half?: string
  readonly sealed?: string
  readonly claimCode?: string
  readonly code?: string
}

const FIRST = '/v1/accounts/initial-passwords'
const SECOND = `${FIRST}/second-halves`
const DELIVER = `${FIRST}/sealed-second-halves`
const DAY = 24 * 3_600_000

const keyPair = (modulusLength = 3_072, publicExponent = 65_537) =>
  generateKeyPairSync('rsa', {
    ...{ modulusLength, publicExponent },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
const CHANNEL = keyPair()
const OTHER_CHANNEL = keyPair()

/** A program that sends halves on; the people behind it are nobody who acts in these tests. */
const AGENT = randomUUID()
const agent = (claims: object = {}) =>
  as('DELIVERY_AGENT', { sub: AGENT, kind: 'client', controllers: [randomUUID()], ...claims })

const ask = (url: string, accountIds: readonly string[], headers: Headers, sealTo?: string) =>
  call(stage, {
    ...{ method: 'POST', url, headers },
    payload: { accountIds, ...(sealTo !== undefined && { sealTo }) },
  })
const halves = async (...asked: Parameters<typeof ask>) =>
  (await ok<{ items: Half[] }>(ask(...asked))).items
const first = (ids: readonly string[], headers = as('SECURITY_ADMIN')) =>
  halves(FIRST, ids, headers)
const deliver = (ids: readonly string[], headers = agent(), sealTo = CHANNEL.publicKey) =>
  halves(DELIVER, ids, headers, sealTo)

function opened({ sealed = '' }: Half, { privateKey } = CHANNEL) {
  const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }
  const text = privateDecrypt({ key: privateKey, ...padding }, Buffer.from(sealed, 'base64'))
  return JSON.parse(text.toString()) as { accountId: string; half: string; claimCode: string }
}

/** What the owner types: the two halves, from two channels. */
const whole = (one: Half | undefined, other: Half | undefined) =>
  `${one?.claimCode ?? ''}-${other === undefined ? '' : opened(other).claimCode}`

test('[A-2.2.3][A-2.1.1] many get their passwords by two channels, and nobody who gives them out reads one whole', async () => {
  const accounts = [await addAccount(stage), await addAccount(stage), await addAccount(stage)]
  const ids = accounts.map(({ id }) => id)
  const printed = await halves(FIRST, ids, as('SECURITY_ADMIN'), OTHER_CHANNEL.publicKey)
  const sent = await deliver(ids)
  for (const list of [printed, sent]) {
    expect(list.map(({ accountId }) => accountId)).toEqual(ids)
    expect(JSON.stringify(list)).not.toContain('claimCode')
  }
  for (const [at, account] of accounts.entries()) {
    const one = opened(printed[at] ?? { accountId: '' }, OTHER_CHANNEL)
    const two = opened(sent[at] ?? { accountId: '' })
    expect([one.half, two.half]).toEqual(['first', 'second'])
    expect([one.accountId, two.accountId]).toEqual([account.id, account.id])
    for (const alone of [one.claimCode, two.claimCode, `${two.claimCode}-${one.claimCode}`])
      expect((await trySignIn(stage, account, alone)).statusCode).toBe(401)
    const answer = await trySignIn(stage, account, `${one.claimCode}-${two.claimCode}`)
    expect(answer.json()).toMatchObject({ mustChangePassword: true })
  }
  expect(() => opened(sent[0] ?? { accountId: '' }, OTHER_CHANNEL)).toThrow()
})

test('[A-4.2.4] the ledger says to which key each half was sealed, and nothing of it is stored in clear', async () => {
  const { id } = await addAccount(stage)
  const [printed] = await halves(FIRST, [id], as('SECURITY_ADMIN'), OTHER_CHANNEL.publicKey)
  const [sent] = await deliver([id])
  const facts = (await queuedEvents(stage.db))
    .filter(({ subject, type }) => subject === id && type.includes('credential-reset'))
    .map(({ data }) => data as { step: string; sealedTo?: string })
  expect(facts.map(({ step }) => step)).toEqual(['first-half-issued', 'second-half-issued'])
  expect(new Set(facts.map(({ sealedTo }) => sealedTo)).size).toBe(2)
  for (const { sealedTo } of facts) expect(sealedTo).toMatch(/^[0-9a-f]{64}$/)
  if (printed === undefined || sent === undefined) throw new Error('there are no halves')
  const marks = [opened(printed, OTHER_CHANNEL).claimCode, opened(sent).claimCode]
  const stored: unknown[] = await stage.db.query(
    `select from outbox, unnest($1::text[]) as mark where position(mark in payload::text) > 0
     union all select from idempotency_key as held, unnest($1::text[]) as mark where position(mark in held::text) > 0
     union all select from credential_reset r, unnest($1::text[]) as mark where position(mark in r::text) > 0`,
    [marks],
  )
  expect(stored).toEqual([])
})

test('[A-2.2.3] the second hand must have acted before, and each half is had once, also at the same moment', async () => {
  const account = await addAccount(stage)
  const early = await deliver([account.id])
  expect(early).toMatchObject([{ code: 'first-half-missing' }])
  const [one] = await first([account.id])
  const agents = [agent(), agent({ sub: randomUUID() }), agent()]
  const answers = await Promise.all(agents.map((headers) => deliver([account.id], headers)))
  const sent = answers.flat().filter(({ sealed }) => sealed !== undefined)
  const refused = answers.flat().filter(({ sealed }) => sealed === undefined)
  expect(sent).toHaveLength(1)
  expect(refused.map(({ code }) => code)).toEqual(['first-half-missing', 'first-half-missing'])
  expect(await deliver([account.id])).toMatchObject([{ code: 'first-half-missing' }])
  expect((await trySignIn(stage, account, whole(one, sent[0]))).statusCode).toBe(201)
})

test('[A-2.2.3] a half is good for its account alone, and not once others took its place', async () => {
  const [mine, other] = [await addAccount(stage), await addAccount(stage)]
  const ids = [mine.id, other.id]
  const ones = await first(ids)
  const sent = await deliver(ids)
  for (const [account, one, two] of [
    [mine, ones[0], sent[1]],
    [mine, ones[1], sent[1]],
    [other, ones[1], sent[0]],
  ] as const)
    expect((await trySignIn(stage, account, whole(one, two))).statusCode).toBe(401)
  const [again] = await first([mine.id])
  expect((await trySignIn(stage, mine, whole(again, sent[0]))).statusCode).toBe(401)
  const [later] = await deliver([mine.id])
  expect((await trySignIn(stage, mine, whole(ones[0], sent[0]))).statusCode).toBe(401)
  expect((await trySignIn(stage, mine, whole(again, later))).statusCode).toBe(201)
})

test('[A-2.2.3] a first half that ended gets no second one, and a password that ended opens nothing', async () => {
  const [slow, late] = [await addAccount(stage), await addAccount(stage)]
  const before = stage.now
  await first([slow.id])
  const [one] = await first([late.id])
  const [two] = await deliver([late.id])
  pass(stage, 8 * DAY)
  expect(await deliver([slow.id])).toMatchObject([{ code: 'first-half-missing' }])
  expect((await trySignIn(stage, late, whole(one, two))).statusCode).toBe(401)
  stage.now = before
})

test('[A-2.1.4] frozen accounts and leavers get none, and what they have opens nothing', async () => {
  const frozen = await joined(stage)
  const leaver = await joined(stage)
  const gone = await joined(stage)
  const ids = [frozen.accountId, leaver.accountId]
  const [one] = await first([gone.accountId])
  const [two] = await deliver([gone.accountId])
  await first(ids)
  await stage.db.query(`update account set status = 'frozen' where id = $1`, [frozen.accountId])
  for (const person of [leaver, gone])
    await ok(onPerson(stage, person, 'leave', { kind: 'dismissal' }))
  expect(await deliver(ids)).toMatchObject([{ code: 'account-state' }, { code: 'account-state' }])
  expect((await trySignIn(stage, gone, whole(one, two))).statusCode).toBe(401)
})

test('[A-2.2.1] whoever has chosen a password, and every administrator, is reset by people', async () => {
  const old = await addAccount(stage)
  await setPassword(stage, old)
  const administrator = await addAccount(stage, { administratorRole: 'AUDIT_ADMIN' })
  const ids = [old.id, administrator.id]
  await first(ids)
  expect(await deliver(ids)).toMatchObject([
    { code: 'half-not-for-role' },
    { code: 'half-not-for-role' },
  ])
  expect((await trySignIn(stage, old)).statusCode).toBe(201)
  expect(await halves(SECOND, ids, as('SYSTEM_ADMIN'))).toMatchObject([
    { half: 'second' },
    { half: 'second' },
  ])
})

test('[A-2.1.1] whoever is behind the program has not the other half, and who took the person in has none', async () => {
  const hand = randomUUID()
  const account = await addAccount(stage)
  await first([account.id], as('SECURITY_ADMIN', { sub: randomUUID(), person: hand }))
  expect(await deliver([account.id], agent({ controllers: [randomUUID(), hand] }))).toMatchObject([
    { code: 'same-person' },
  ])
  const taker = randomUUID()
  const script = as('SCRIPT', { sub: randomUUID(), kind: 'client', controllers: [taker] })
  const person = await ok<PersonView>(joinPerson(stage, {}, script))
  await first([person.accountId])
  expect(await deliver([person.accountId], agent({ controllers: [taker] }))).toMatchObject([
    { code: 'same-person' },
  ])
  expect(await deliver([person.accountId])).toMatchObject([{ half: 'second' }])
})

test('[A-4.2.4] a program that the site let in does it with its own token, and not for the administrator behind it', async () => {
  const [asking, halving, other] = [randomUUID(), randomUUID(), randomUUID()]
  const id = await stage.db.transaction(async (tx) => {
    const act = testAct({ now: stage.now, personId: asking, role: 'SYSTEM_ADMIN' })
    const client = await requestClient(
      tx,
      { name: 'mailer', role: 'DELIVERY_AGENT', unitId: null },
      act,
    )
    await activateClient(tx, client.id, act)
    return client.id
  })
  const named = (role: 'SYSTEM_ADMIN' | 'AUDIT_ADMIN' | 'SECURITY_ADMIN', person: string) =>
    as(role, { sub: randomUUID(), person })
  const secret = await claimSecret(
    stage,
    id,
    named('SYSTEM_ADMIN', asking),
    named('AUDIT_ADMIN', halving),
  )
  const granted = await stage.app.inject({
    ...{ method: 'POST', url: '/v1/tokens' },
    payload: { grant_type: 'client_credentials', client_id: id, client_secret: secret },
  })
  const token = granted.json<{ access_token: string }>().access_token
  const mailer = { authorization: `Bearer ${token}` }
  const account = await addAccount(stage)
  await first([account.id], named('SYSTEM_ADMIN', asking))
  expect(await deliver([account.id], mailer)).toMatchObject([{ code: 'same-person' }])
  const [one] = await first([account.id], named('SECURITY_ADMIN', other))
  const [two] = await deliver([account.id], mailer)
  expect((await trySignIn(stage, account, whole(one, two))).statusCode).toBe(201)
  // That is all it may.
  for (const url of ['/v1/persons', '/v1/accounts', '/v1/credential-resets'])
    expect(await refusal(call(stage, { method: 'GET', url, headers: mailer }))).toEqual([
      403,
      'permission-missing',
    ])
  for (const url of [FIRST, SECOND])
    expect(await refusal(ask(url, [account.id], mailer))).toEqual([403, 'permission-missing'])
})

test('the right is the program’s own: nobody else takes sealed second halves of the list', async () => {
  const { id } = await addAccount(stage)
  for (const role of [
    'SCRIPT',
    'MIDDLEWARE',
    'SECURITY_ADMIN',
    'SYSTEM_ADMIN',
    'OM_AUTHORITY',
  ] as const)
    expect(await refusal(ask(DELIVER, [id], as(role), CHANNEL.publicKey))).toEqual([
      403,
      'permission-missing',
    ])
  expect(await refusal(ask(DELIVER, [id], agent()))).toEqual([422, 'validation-failed'])
  const mine = await joined(stage, { unitCode: 'SOUTH' })
  const theirs = await joined(stage)
  const ids = [mine.accountId, theirs.accountId]
  await first(ids)
  const ofUnit = await deliver(ids, agent({ range: 'unit', unit: company.south.id }))
  expect(ofUnit.map(({ code }) => code ?? 'half')).toEqual(['half', 'not-found'])
})

test('[A-2.2.3] two halves are not sealed to one key', async () => {
  const account = await addAccount(stage)
  await halves(FIRST, [account.id], as('SECURITY_ADMIN'), CHANNEL.publicKey)
  const renamed = CHANNEL.publicKey.replaceAll('\n', '\r\n')
  for (const key of [CHANNEL.publicKey, renamed]) {
    expect(await deliver([account.id], agent(), key)).toMatchObject([{ code: 'half-not-for-role' }])
    expect(await halves(SECOND, [account.id], as('SYSTEM_ADMIN'), key)).toMatchObject([
      { code: 'half-not-for-role' },
    ])
  }
  expect(await deliver([account.id], agent(), OTHER_CHANNEL.publicKey)).toMatchObject([
    { half: 'second' },
  ])
})

test('a key under which nothing is sealed is refused before anything is done', async () => {
  const account = await addAccount(stage)
  const [one] = await first([account.id])
  const curve = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  for (const key of [
    keyPair(2_048).publicKey,
    keyPair(3_072, 3).publicKey,
    curve.publicKey,
    CHANNEL.privateKey,
    CHANNEL.publicKey.replace('MII', 'MIJ'),
    '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n',
    `${CHANNEL.publicKey}${OTHER_CHANNEL.publicKey}`,
    'me',
  ]) {
    expect(await refusal(ask(DELIVER, [account.id], agent(), key))).toEqual([
      422,
      'validation-failed',
    ])
    expect(await refusal(ask(FIRST, [account.id], as('SYSTEM_ADMIN'), key))).toEqual([
      422,
      'validation-failed',
    ])
  }
  const [two] = await deliver([account.id])
  expect((await trySignIn(stage, account, whole(one, two))).statusCode).toBe(201)
})

test('a half is opened with openssl alone, as the guide says', async () => {
  const account = await addAccount(stage)
  await first([account.id])
  const [sent] = await deliver([account.id])
  const folder = mkdtempSync(join(tmpdir(), 'steward-sealed-'))
  try {
    writeFileSync(join(folder, 'key.pem'), CHANNEL.privateKey, { mode: 0o600 })
    const options = ['rsa_padding_mode:oaep', 'rsa_oaep_md:sha256', 'rsa_mgf1_md:sha256']
    const text = execFileSync(
      'openssl',
      [
        ...['pkeyutl', '-decrypt', '-inkey', join(folder, 'key.pem')],
        ...options.flatMap((option) => ['-pkeyopt', option]),
      ],
      { input: Buffer.from(sent?.sealed ?? '', 'base64') },
    )
    expect(JSON.parse(text.toString())).toMatchObject({ accountId: account.id, half: 'second' })
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('[A-2.2.3] two administrators still give one person a password by themselves', async () => {
  const account = await addAccount(stage)
  const password = await claimPassword(stage, account.id, as('SECURITY_ADMIN'), as('SYSTEM_ADMIN'))
  expect((await trySignIn(stage, account, password)).statusCode).toBe(201)
})
