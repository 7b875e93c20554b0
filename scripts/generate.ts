import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { coverageFaults } from '@erp-steward/regulation/coverage'
import { generatedDocuments, openApiDocuments } from './generated-documents.ts'

const root = join(import.meta.dirname, '..')

async function write(documents: ReadonlyMap<string, string>) {
  for (const [path, text] of documents) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
}

// The coverage reads the OpenAPI documents, so those come first.
await write(await openApiDocuments())
const documents = await generatedDocuments(root)
await write(documents)
process.stdout.write(`${[...documents.keys()].join('\n')}\n`)

const faults = await coverageFaults(root)
for (const fault of faults) process.stderr.write(`${fault}\n`)
process.exitCode = faults.length > 0 ? 1 : 0
