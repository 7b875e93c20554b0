// npm run examples: plays the story of the examples and writes what was sent and answered beside each service.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestServer } from '@erp-steward/test-kit/on-test-server'
import { recordings } from '../test/examples/recordings.ts'
import { tellStory } from '../test/examples/story.ts'

const root = join(import.meta.dirname, '..')
const { examples, document } = await onTestServer(tellStory)
for (const [path, text] of recordings(examples, document)) {
  await writeFile(join(root, path), text)
  process.stdout.write(`${path}\n`)
}

const missing = Object.values(document.paths)
  .flatMap((item) => Object.values(item))
  .map(({ operationId }) => operationId)
  .filter((id) => !examples.has(id))
if (missing.length > 0)
  process.stdout.write(`Without an example: ${missing.toSorted().join(' ')}\n`)
