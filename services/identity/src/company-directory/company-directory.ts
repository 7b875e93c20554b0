import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import {
  Client,
  EqualityFilter,
  InvalidCredentialsError,
  NoSuchObjectError,
  SizeLimitExceededError,
} from 'ldapts'
import type { Account } from '../accounts/account.ts'
import { connectOnce } from './connect-once.ts'
import type { DirectorySettings } from './directory-config.ts'

/** Longest wait for one answer of the directory, and for all of a check, in milliseconds: people wait before the sign-in page. */
const PATIENCE_MS = { answer: 5_000, check: 12_000 } as const
/** Passwords that are asked about at once; more would only wait there. */
const AT_ONCE = 50

/** The directory of the company, where people have their passwords. */
export interface CompanyDirectory {
  /**
   * Whether the password is that of the one person with the name. Who is not there, or there twice, has none.
   *
   * The answer is rejected with a Problem `unavailable` when the directory cannot be asked.
   */
  readonly check: (userName: string, password: string) => Promise<boolean>
}

/** Whether the password of the account, or of a name that nobody has, is the directory's; administrators have their own here. */
export function isInDirectory(
  directory: CompanyDirectory | null,
  account: Pick<Account, 'administratorRole'> | null,
): directory is CompanyDirectory {
  return directory !== null && (account?.administratorRole ?? null) === null
}

/**
 * The directory that the settings name; `null`: none. Each check has a connection of its own, secured before anything is said
 * on it: looks the person up by the name, then binds as that person.
 *
 * @throws RangeError if the settings cannot be used
 */
export function companyDirectory(settings: DirectorySettings): CompanyDirectory | null {
  const { DIRECTORY_URL: url, DIRECTORY_BASE: base, DIRECTORY_CA_FILE: caFile } = settings
  if (url === '') return null
  if (base === '') throw new RangeError('DIRECTORY_URL is set, so DIRECTORY_BASE must be')
  const ca = caFile === '' ? null : readFileSync(caFile)
  let asked = 0
  return {
    async check(userName, password) {
      // A bind without a password is one as nobody, which succeeds. Source: RFC 4513, 5.1.2.
      if (password === '') return false
      if (asked >= AT_ONCE) throw away('TooMany')
      asked += 1
      try {
        return await ask(settings, ca, userName, password)
      } catch (error) {
        throw away(error instanceof Error ? error.name : 'Error')
      } finally {
        asked -= 1
      }
    },
  }
}

async function ask(
  { DIRECTORY_URL: url, ...settings }: DirectorySettings,
  ca: Buffer | null,
  userName: string,
  password: string,
): Promise<boolean> {
  const { hostname: host } = new URL(url)
  const secure = {
    ...({ minVersion: 'TLSv1.2', host } as const),
    // Whose certificate it has to be; an address is no name that a server could be asked for.
    ...(isIP(host) === 0 && { servername: host }),
    ...(ca !== null && { ca }),
  }
  const { connection, hangUp } = connectOnce()
  const client = new Client({
    ...{ url, timeout: PATIENCE_MS.answer, connectTimeout: PATIENCE_MS.answer },
    ...connection,
    // With these it takes any address for one under TLS.
    ...(url.startsWith('ldaps:') && { tlsOptions: secure }),
    // Active Directory takes names that are no distinguished names.
    strictDN: false,
  })
  const deadline = setTimeout(hangUp, PATIENCE_MS.check)
  try {
    // The client writes its socket into what it is given.
    if (url.startsWith('ldap:')) await client.startTLS({ ...secure })
    const found = await nameOf(client, settings, userName)
    // Where there is nobody a bind is tried all the same, so that the time does not tell.
    const name = found ?? `cn=${randomUUID()},${settings.DIRECTORY_BASE}`
    return (await binds(client, name, password)) && found !== null
  } finally {
    clearTimeout(deadline)
    await client.unbind().catch(() => undefined)
    hangUp()
  }
}

/** The distinguished name of the one person with the name; `null`: none, or several. */
async function nameOf(
  client: Client,
  settings: Omit<DirectorySettings, 'DIRECTORY_URL'>,
  userName: string,
): Promise<string | null> {
  const { DIRECTORY_READER, DIRECTORY_READER_PASSWORD } = settings
  if (DIRECTORY_READER !== '') await client.bind(DIRECTORY_READER, DIRECTORY_READER_PASSWORD)
  try {
    const { searchEntries } = await client.search(settings.DIRECTORY_BASE, {
      scope: 'sub',
      filter: new EqualityFilter({ attribute: settings.DIRECTORY_ATTRIBUTE, value: userName }),
      // No attribute: only who it is.
      attributes: ['1.1'],
      sizeLimit: 2,
      timeLimit: PATIENCE_MS.answer / 1_000,
    })
    const [only, another] = searchEntries
    return only === undefined || another !== undefined || only.dn === '' ? null : only.dn
  } catch (error) {
    if (error instanceof SizeLimitExceededError) return null
    throw error
  }
}

async function binds(client: Client, name: string, password: string): Promise<boolean> {
  try {
    await client.bind(name, password)
    return true
  } catch (error) {
    // Also an account there that is locked, has run out or has to change its password.
    if (error instanceof InvalidCredentialsError || error instanceof NoSuchObjectError) return false
    throw error
  }
}

function away(cause: string): Problem {
  return new Problem(
    'unavailable',
    said('The directory of the company cannot be asked.', '无法访问公司目录服务。'),
    { retryAfterSeconds: 5, cause },
  )
}
