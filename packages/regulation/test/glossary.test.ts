import { expect, test } from '@jest/globals'
import { glossary } from '../src/glossary.ts'

test('each entry of the glossary has words of its own and at least one term', () => {
  const words = glossary.map(({ zh }) => zh)
  expect(words.filter((word, at) => words.indexOf(word) !== at)).toEqual([])
  expect(glossary.filter(({ terms }) => terms.length === 0)).toEqual([])
})
