import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import { coverageDocument, coverageFaults } from '../src/coverage.ts'
import { glossary } from '../src/glossary.ts'
import { glossaryDocument, parametersDocument } from '../src/regulation-documents.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))

// When one of these differs, run scripts/write-coverage.ts and commit what it wrote.
test.each([
  ['coverage.md', () => coverageDocument(root)],
  ['glossary.md', glossaryDocument],
  ['parameters.md', parametersDocument],
])('docs/regulation/%s is what the code says', async (name, written) => {
  const file = new URL(`../../../docs/regulation/${name}`, import.meta.url)
  expect(await readFile(file, 'utf8')).toBe(await written())
})

test('no clause is unknown and none in force lacks an operation or a test', async () => {
  expect(await coverageFaults(root)).toEqual([])
})

test('each entry of the glossary has words of its own and at least one term', () => {
  const words = glossary.map(({ zh }) => zh)
  expect(words.filter((word, at) => words.indexOf(word) !== at)).toEqual([])
  expect(glossary.filter(({ terms }) => terms.length === 0)).toEqual([])
})
