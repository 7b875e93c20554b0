import { readdir } from 'node:fs/promises'
import { expect, test } from '@jest/globals'
import { attentionKinds } from '../src/attention.ts'
import type { Bilingual } from '../src/bilingual.ts'
import { problems, type ProblemCode } from '../src/problems.ts'

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

const HAN = /\p{Script=Han}/u

/** The texts of something that is not in two languages: no Chinese in the Chinese, Chinese in the English, or an empty one. */
const inOneLanguage = (texts: readonly Bilingual[]) =>
  texts.filter(
    ({ en, 'zh-CN': zh }) => !HAN.test(zh) || HAN.test(en) || en.trim() === '' || zh === en,
  )

test.each(Object.keys(problems) as ProblemCode[])(
  '%s says what it means and what to do in both languages',
  (code) => {
    const { title, remedy } = problems[code]
    expect(inOneLanguage([title, remedy])).toEqual([])
  },
)

test.each(Object.entries(attentionKinds))(
  'the matter %s says what it is and what to do in both languages',
  (_kind, { title, remedy }) => {
    expect(inOneLanguage([title, remedy])).toEqual([])
  },
)

// A member, header or parameter that only one of the two names sends half of the readers looking for nothing.
test('the remedies of a code name the same members in both languages', () => {
  const namesOf = (text: string) => (text.match(/`[^`]+`/g) ?? []).toSorted()
  for (const [code, { remedy }] of Object.entries(problems))
    expect([code, ...namesOf(remedy['zh-CN'])]).toEqual([code, ...namesOf(remedy.en)])
})
