import { randomBytes } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { serviceNames } from '@erp-steward/contracts/services'
import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'

const Secret = Type.String({ minLength: 32 })

const Secrets = Type.Object({
  /** Database password per service. */
  databasePasswords: Type.Record(Type.String(), Secret),
  internalToken: Secret,
  /** Key per service, 32 bytes in base64, that seals its secrets in the database. */
  sealingKeys: Type.Record(Type.String(), Secret),
  /** Keys that seal personal data, the newest first, and the one for look-ups; absent in a file of before they were. */
  personalDataKeys: Type.Optional(Secret),
  personalIndexKey: Type.Optional(Secret),
  /** Seed of 32 bytes in base64 that signs the head of the audit ledger; secrets of an earlier version have none. */
  ledgerKey: Type.Optional(Secret),
})
export type Secrets = Required<Static<typeof Secrets>>

const isSecrets = Compile(Secrets)

/**
 * The secrets of this site, made on the first run and kept in `secrets.json` with mode 0600; a service that came later
 * gets its password added.
 *
 * @throws Error if the file is there and is not what we wrote
 */
export function siteSecrets(folder: string): Secrets {
  const file = join(folder, 'secrets.json')
  const stored: unknown = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null
  if (stored !== null && !isSecrets.Check(stored))
    throw new Error(
      `${file} is not readable as the secrets of this site; restore it from a backup.`,
    )
  const random = () => randomBytes(32).toString('base64url')
  const key = () => randomBytes(32).toString('base64')
  const secrets: Secrets = {
    internalToken: stored?.internalToken ?? random(),
    ledgerKey: stored?.ledgerKey ?? key(),
    sealingKeys: Object.fromEntries(
      serviceNames.map((name) => [name, stored?.sealingKeys[name] ?? key()]),
    ),
    personalDataKeys: stored?.personalDataKeys ?? key(),
    personalIndexKey: stored?.personalIndexKey ?? key(),
    databasePasswords: Object.fromEntries(
      serviceNames.map((name) => [name, stored?.databasePasswords[name] ?? random()]),
    ),
  }
  writePrivateFile(file, `${JSON.stringify(secrets, null, 2)}\n`)
  return secrets
}

/** Writes a file that only its owner reads, whole or not at all, and on the disk when this returns. */
export function writePrivateFile(file: string, text: string): void {
  const draft = `${file}.draft`
  const handle = openSync(draft, 'w', 0o600)
  try {
    writeSync(handle, text)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  renameSync(draft, file)
}
