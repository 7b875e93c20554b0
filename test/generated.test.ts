import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { topics as used } from '@erp-steward/contracts/event-catalog'
import { coverageFaults } from '@erp-steward/regulation/coverage'
import { readTopics } from '@erp-steward/kafka/topics'
import { generatedDocuments } from '../scripts/generated-documents.ts'

const root = join(import.meta.dirname, '..')

test('the documents that are written from the code are committed as the code has them', async () => {
  for (const [path, text] of await generatedDocuments(root))
    expect({ path, text: await readFile(join(root, path), 'utf8') }).toEqual({ path, text })
})

test('every topic that an event uses is declared for the cluster, and no other', () => {
  expect(
    readTopics()
      .map(({ topic }) => topic)
      .sort(),
  ).toEqual([...used])
})

test('every clause in force has an operation and a test, and no id is unknown', async () => {
  expect(await coverageFaults(root)).toEqual([])
})
