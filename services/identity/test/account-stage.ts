import { randomBytes, randomUUID } from 'node:crypto'
import type { DataSource } from 'typeorm'
import { DEFAULT_ISSUER } from '@erp-steward/contracts/access-token'
import type { Role } from '@erp-steward/contracts/permissions'
import { Authenticator } from '@erp-steward/test-kit/authenticator'
import { testAct } from '@erp-steward/test-kit/test-act'
import { testService, type TestService } from '@erp-steward/test-kit/test-service'
import {
  TEST_PERSONAL_DATA,
  TEST_PERSONAL_DATA_KEYS,
  TEST_PERSONAL_INDEX_KEY,
} from '@erp-steward/test-kit/personal-data'
import { createSeal } from '@erp-steward/service-kit/seal'
import { AccountEntity, type Account, type AdministratorRole } from '../src/accounts/account.ts'
import { issueInitialPassword } from '../src/credentials/issue-initial-password.ts'
import { hashPassword } from '../src/credentials/password-hash.ts'
import { passwordPolicyOf } from '../src/credentials/password-policy-of.ts'
import { replaceCredential } from '../src/credentials/replace-credential.ts'
import type { IdentityConfig } from '../src/config.ts'
import { newSecret } from '../src/second-factor/rules/one-time-code.ts'
import { SecondFactorEntity } from '../src/second-factor/second-factor.ts'
import { identity } from '../src/service.ts'
import type { OpenedSession, SessionTokens } from '../src/sessions/session-tokens.ts'

/** A key that seals signing keys, in tests. */
export const TEST_SEALING_KEYS = Buffer.alloc(32, 7).toString('base64')
export const TEST_SEAL = createSeal(TEST_SEALING_KEYS)

/** All that identity is configured with, in tests. */
export const TEST_IDENTITY_CONFIG: IdentityConfig = {
  PUBLIC_URL: DEFAULT_ISSUER,
  SEALING_KEYS: TEST_SEALING_KEYS,
  PERSONAL_DATA_KEYS: TEST_PERSONAL_DATA_KEYS,
  PERSONAL_INDEX_KEY: TEST_PERSONAL_INDEX_KEY,
  // No key of its own for the ledger, and no witness outside the database.
  LEDGER_KEYS: '',
  LEDGER_WITNESS_FILE: '',
  LEDGER_ARCHIVE_FOLDER: '',
  WEBHOOK_TARGETS: '',
  WEBHOOK_PRIVATE_NETWORKS: '',
  ASSESSMENT_URL: '',
  // People have their passwords here.
  DIRECTORY_URL: '',
  DIRECTORY_CA_FILE: '',
  DIRECTORY_BASE: '',
  DIRECTORY_ATTRIBUTE: 'uid',
  DIRECTORY_READER: '',
  DIRECTORY_READER_PASSWORD: '',
}

/** Identity on a database of its own; its clock starts at the real now, so that its tokens can be verified. */
export function identityStage(config: Partial<IdentityConfig> = {}): Promise<TestService> {
  const now = new Date(Math.floor(Date.now() / 1_000) * 1_000)
  return testService(identity, { ...TEST_IDENTITY_CONFIG, ...config }, now)
}

/** A password that every profile takes. */
export const GOOD_PASSWORD = 'Grün-7-tapfer-Igel'

/** An account of an administrator, or of a person in a unit of its own with the roles; without a password. */
export async function addAccount(
  { db, now }: TestService,
  {
    administratorRole = null,
    roles = ['END_USER'],
  }: {
    administratorRole?: AdministratorRole | null
    roles?: readonly Role[]
  } = {},
): Promise<Account & { unitId: string | null }> {
  const { seal, lookup } = TEST_PERSONAL_DATA
  const tag = randomBytes(6).toString('hex').toUpperCase()
  const id = randomUUID()
  const userName = `U${tag}`
  const account: Account = {
    id,
    userName: seal(id, 'user-name', userName),
    userNameLookup: lookup('user-name', userName),
    personId: administratorRole === null ? randomUUID() : null,
    administratorRole,
    status: 'active',
    epoch: 0,
    version: 1,
    createdAt: now,
    disabledAt: null,
    disabledReason: null,
    rightsPending: false,
    coolingUntil: null,
  }
  const [unit, department, position] = [randomUUID(), randomUUID(), randomUUID()]
  if (account.personId !== null) {
    await db.query(`insert into unit values ($1, $2, 'Unit', 'USER_UNIT', true, 1)`, [unit, tag])
    await db.query(`insert into department values ($1, $2, 'D', 'Department', true, 1)`, [
      department,
      unit,
    ])
    await db.query(
      `insert into position (id, code, name, active, roles, responsibilities, ebs_roles, version)
       values ($1, $2, 'Position', true, $3, '[]', '[]', 1)`,
      [position, tag, JSON.stringify(roles)],
    )
    await db.query(
      `insert into person (id, employee_number, employee_number_lookup, name, name_lookup, unit_id,
         department_id, position_id, active, version, created_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, true, 1, $9)`,
      [
        account.personId,
        seal(account.personId, 'employee-number', tag),
        lookup('employee-number', tag),
        seal(account.personId, 'name', 'Person'),
        lookup('name', 'Person'),
        unit,
        department,
        position,
        now,
      ],
    )
  }
  await db.manager.insert(AccountEntity, account)
  if (account.personId !== null)
    await db.query(
      `insert into access_grant (id, person_id, account_id, kind, name, source, position_id, position_version, starts_at,
                                 owner_unit_id, granted_by, sod, version)
       select gen_random_uuid(), $1, $2, 'role', role, 'position', $3, 1, $4, $5, 'test', 'unchecked', 1
         from unnest($6::text[]) as role`,
      [account.personId, id, position, now, unit, roles],
    )
  // In clear, as whoever signs in types it.
  return { ...account, userName, unitId: account.personId === null ? null : unit }
}

/** The authenticator apps of administrators, who have to have one, by user name; for each stage its own. */
const devices = new WeakMap<DataSource, Map<string, Authenticator>>()

/** Puts a second factor in force. */
export async function giveFactor(
  { db, now }: TestService,
  { id: accountId, userName }: Pick<Account, 'id' | 'userName'>,
): Promise<Authenticator> {
  const [id, secret] = [randomUUID(), newSecret()]
  await db.manager.insert(SecondFactorEntity, {
    ...{ id, accountId, sealedSecret: TEST_SEAL.seal(id, secret) },
    ...{ startedAt: now, confirmedAt: now, lastStep: null, endedAt: null },
  })
  const device = new Authenticator(secret)
  keepDevice(db, userName, device)
  return device
}

function keepDevice(db: DataSource, userName: string, device: Authenticator): void {
  const own = devices.get(db) ?? new Map<string, Authenticator>()
  devices.set(db, own.set(userName, device))
}

/** The authenticator app that an account was given; `undefined`: none. */
export const deviceOf = (
  { db }: Pick<TestService, 'db'>,
  { userName }: Pick<Account, 'userName'>,
): Authenticator | undefined => devices.get(db)?.get(userName)

/** Puts a chosen password in force, and for an administrator a second factor. */
export async function setPassword(
  stage: TestService,
  account: Account,
  password = GOOD_PASSWORD,
  setAt = stage.now,
): Promise<void> {
  const { db } = stage
  if (account.administratorRole !== null && deviceOf(stage, account) === undefined)
    await giveFactor(stage, account)
  const act = testAct({ now: setAt })
  const hash = await hashPassword(password)
  await db.transaction(async (tx) =>
    replaceCredential(
      tx,
      {
        accountId: account.id,
        kind: 'chosen',
        hash,
        expiresAt: null,
        policy: await passwordPolicyOf(tx, account, setAt),
      },
      act,
    ),
  )
}

/** Gives the account an initial password. */
export function giveInitialPassword({ db, now }: TestService, account: Account): Promise<string> {
  return db.transaction((tx) => issueInitialPassword(tx, account, true, testAct({ now })))
}

/** The headers of a caller. */
type Headers = Readonly<Record<string, string>>

/** An initial password as two administrators give it out: the halves, with a dash between them. */
export async function claimPassword(
  { app }: Pick<TestService, 'app'>,
  accountId: string,
  first: Headers,
  second: Headers,
): Promise<string> {
  const url = `/v1/accounts/${accountId}/initial-password`
  return (await claimHalves({ app }, url, first, second)).join('-')
}

/** The secret of a client as two administrators give it out. */
export async function claimSecret(
  { app }: Pick<TestService, 'app'>,
  clientId: string,
  first: Headers,
  second: Headers,
): Promise<string> {
  return (await claimHalves({ app }, `/v1/clients/${clientId}/secret`, first, second)).join('')
}

/** @throws Error if a half is refused */
async function claimHalves(
  { app }: Pick<TestService, 'app'>,
  url: string,
  first: Headers,
  second: Headers,
): Promise<string[]> {
  const halves: string[] = []
  for (const [path, headers] of [
    [url, first],
    [`${url}/second-half`, second],
  ] as const) {
    const answer = await app.inject({ method: 'POST', url: path, headers })
    if (answer.statusCode >= 300) throw new Error(`${path}: ${answer.body}`)
    halves.push(answer.json<{ claimCode: string }>().claimCode)
  }
  return halves
}

/** Tries to sign in, from an address of choice; with a code where the account was given an app, and none is said. */
export async function trySignIn(
  { app, db, now }: TestService,
  { userName }: Pick<Account, 'userName'>,
  password = GOOD_PASSWORD,
  remoteAddress = '127.0.0.1',
  code?: string | null,
) {
  const device = code === undefined ? deviceOf({ db }, { userName }) : undefined
  // The clock of a stage stands: the code of one moment would open once only.
  if (device !== undefined) await db.query('update second_factor set last_step = null')
  const typed = code ?? device?.code(now)
  return app.inject({
    method: 'POST',
    url: '/v1/sessions',
    remoteAddress,
    payload: { userName, password, ...(typed !== undefined && { code: typed }) },
  })
}

/** Sets up an authenticator app for who has signed in; with the name, `trySignIn` uses it from then on. */
export async function setUpFactor(
  { app, db, now }: TestService,
  headers: Headers,
  {
    userName,
    password = GOOD_PASSWORD,
    code,
  }: { userName?: string; password?: string; code?: string } = {},
): Promise<{ device: Authenticator; recoveryCodes: string[] }> {
  const url = '/v1/accounts/me/second-factor'
  const begun = await app.inject({ method: 'POST', url, headers, payload: { password, code } })
  if (begun.statusCode !== 200) throw new Error(`second factor: ${begun.body}`)
  const device = new Authenticator(begun.json<{ secret: string }>().secret)
  const confirmed = await app.inject({
    ...{ method: 'POST', url: `${url}/confirm`, headers },
    payload: { code: device.unusedCode(now) },
  })
  if (confirmed.statusCode !== 200) throw new Error(`second factor: ${confirmed.body}`)
  if (userName !== undefined) keepDevice(db, userName, device)
  return { device, ...confirmed.json<{ recoveryCodes: string[] }>() }
}

/** Signs in. @throws Error if it is refused */
export async function signedIn(
  stage: TestService,
  account: Pick<Account, 'userName'>,
  password = GOOD_PASSWORD,
): Promise<OpenedSession & { headers: { authorization: string } }> {
  const answer = await trySignIn(stage, account, password)
  if (answer.statusCode !== 201) throw new Error(`sign-in: ${answer.body}`)
  const tokens = answer.json<OpenedSession>()
  return { ...tokens, headers: { authorization: `Bearer ${tokens.accessToken}` } }
}

/** The next tokens of a session. @throws Error if they are refused */
export async function refreshed(
  { app }: TestService,
  { refreshToken }: Pick<SessionTokens, 'refreshToken'>,
): Promise<SessionTokens & { headers: { authorization: string } }> {
  const url = '/v1/tokens/refresh'
  const answer = await app.inject({ method: 'POST', url, payload: { refreshToken } })
  if (answer.statusCode !== 200) throw new Error(`refresh: ${answer.body}`)
  const tokens = answer.json<SessionTokens>()
  return { ...tokens, headers: { authorization: `Bearer ${tokens.accessToken}` } }
}

/** An account with a password, signed in. */
export async function newcomer(stage: TestService, options: Parameters<typeof addAccount>[1] = {}) {
  const account = await addAccount(stage, options)
  await setPassword(stage, account)
  return { account, ...(await signedIn(stage, account)) }
}

/** Moves the clock of the service. */
export function pass(stage: TestService, ms: number): void {
  stage.now = new Date(stage.now.getTime() + ms)
}

/** An `exp` for a token that both clocks take: the one of the service, which tests move, and the real one. */
export function stillValid({ now }: Pick<TestService, 'now'>): number {
  return Math.floor(Math.max(now.getTime(), Date.now()) / 1_000) + 300
}

/** The claims in a token, unverified. */
export function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<
    string,
    unknown
  >
}
