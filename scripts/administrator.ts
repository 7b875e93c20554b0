// npm run administrator -- SECADM: a one-time password for an administrator who has lost the own one.
import { randomBytes, randomUUID } from 'node:crypto'
import { userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import type { Act } from '@erp-steward/contracts/act'
import { Problem } from '@erp-steward/contracts/problem'
import { restoreAdministrator } from '@erp-steward/identity/accounts/restore-administrator'
import { identity } from '@erp-steward/identity/service'
import { readConfig } from '@erp-steward/service-kit/config'
import { openDatabase } from '@erp-steward/service-kit/database'
import {
  createPersonalData,
  holdPersonalData,
  PersonalDataKeys,
  PersonalIndexKey,
} from '@erp-steward/service-kit/personal-data'
import { StandaloneConfig } from '@erp-steward/standalone/config'
import { DATABASE } from '@erp-steward/standalone/prepare-site'
import { siteSecrets } from '@erp-steward/standalone/secrets'
import { Type } from 'typebox'

const [userName] = process.argv.slice(2)
if (userName === undefined) {
  process.stderr.write(
    'Usage: npm run administrator -- <user name>\n' +
      'The host must be running; or set IDENTITY_DATABASE_URL, PERSONAL_DATA_KEYS and PERSONAL_INDEX_KEY\n' +
      'for a site with one process per service.\n',
  )
  process.exit(2)
}

const now = new Date()
const act: Act = {
  // Who ran it, as far as the machine knows: the ledger shows it.
  actor: `host:${userInfo().username}`,
  personId: null,
  controllers: [],
  role: 'HOST_OPERATOR',
  unitId: null,
  requestId: randomUUID(),
  traceparent: `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`,
  now,
}

try {
  const { url, personalDataKeys, personalIndexKey } = siteOf()
  const db = await openDatabase(identity, url, 2)
  holdPersonalData(db, createPersonalData(personalDataKeys, personalIndexKey))
  const password = await db.transaction((tx) => restoreAdministrator(tx, userName, act))
  await db.destroy()
  process.stdout.write(`One-time password of ${userName.toUpperCase()}: ${password}\n`)
} catch (error) {
  process.stderr.write(`${error instanceof Problem ? error.message : String(error)}\n`)
  process.exit(1)
}

/** The database of identity, and the keys under which user names lie in it. */
function siteOf(): { url: string; personalDataKeys: string; personalIndexKey: string } {
  const given = process.env.IDENTITY_DATABASE_URL
  if (given !== undefined) {
    const keys = readConfig(
      Type.Object({ PERSONAL_DATA_KEYS: PersonalDataKeys, PERSONAL_INDEX_KEY: PersonalIndexKey }),
      process.env,
    )
    return {
      url: given,
      personalDataKeys: keys.PERSONAL_DATA_KEYS,
      personalIndexKey: keys.PERSONAL_INDEX_KEY,
    }
  }
  const config = readConfig(StandaloneConfig, process.env)
  const { databasePasswords, ...keys } = siteSecrets(resolve(join(config.STEWARD_DATA)))
  const url = `postgres://identity:${databasePasswords.identity ?? ''}@127.0.0.1:${config.STEWARD_POSTGRES_PORT}/${DATABASE}`
  return { url, ...keys }
}
