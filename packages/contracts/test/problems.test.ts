import { readdir } from 'node:fs/promises'
import { expect, test } from '@jest/globals'
import { problems } from '../src/problems.ts'

const tables = new URL('../src/problems/', import.meta.url)

/** The codes of every table, as the files say them: `httpProblems`, `identityProblems` … */
async function codesOfTables(): Promise<string[]> {
  const codes: string[] = []
  for (const file of await readdir(tables)) {
    const module = (await import(new URL(file, tables).pathname)) as Record<string, object>
    for (const [name, table] of Object.entries(module))
      if (name.endsWith('Problems')) codes.push(...Object.keys(table))
  }
  return codes
}

// Spread tables override one another without a word, and a table that nobody joins is no refusal.
test('a code of a problem stands in one table, and every table is in the list', async () => {
  expect((await codesOfTables()).toSorted()).toEqual(Object.keys(problems).toSorted())
})
