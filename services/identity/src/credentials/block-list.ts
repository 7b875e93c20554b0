import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { readParameter } from '@erp-steward/service-kit/parameters'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import type { EntityManager } from 'typeorm'
import type { BlockList } from './rules/password-policy.ts'

/** The list of the package zxcvbn-ts: passwords that were found in leaks, the most frequent first. MIT. */
const PACKAGE = '@zxcvbn-ts/language-common'

interface CommonList {
  readonly listed: ReadonlySet<string>
  /** Package and version. */
  readonly source: string
}

let kept: Promise<CommonList> | undefined

/** Common passwords, read when the first password is chosen: some 5 MB that a process without that does not need. */
export function commonList(): Promise<CommonList> {
  kept ??= read()
  return kept
}

async function read(): Promise<CommonList> {
  const resolve = createRequire(import.meta.url).resolve
  const json = async (path: string): Promise<unknown> =>
    JSON.parse(await readFile(resolve(`${PACKAGE}/${path}`), 'utf8'))
  const words = Value.Parse(Type.Array(Type.String()), await json('src/passwords.json'))
  const { version } = Value.Parse(
    Type.Object({ version: Type.String() }),
    await json('package.json'),
  )
  return { listed: new Set(words), source: `${PACKAGE} ${version}` }
}

/** What nobody in a unit (`null`: in the company) may choose. */
export async function blockListFor(
  tx: EntityManager,
  unitId: string | null,
  at: Date,
): Promise<BlockList> {
  const { value: companyWords } = await readParameter(
    tx,
    'identity.password.company_words',
    unitId,
    at,
  )
  return { listed: (await commonList()).listed, companyWords }
}
