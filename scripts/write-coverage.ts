// Writes what docs/regulation says from code and tests, and fails when a clause is unknown or claimed without proof.
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { coverageDocument, coverageFaults } from '@erp-steward/regulation/coverage'
import { glossaryDocument, parametersDocument } from '@erp-steward/regulation/regulation-documents'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = new URL('../docs/regulation/', import.meta.url)

await writeFile(new URL('coverage.md', folder), await coverageDocument(root))
await writeFile(new URL('glossary.md', folder), glossaryDocument())
await writeFile(new URL('parameters.md', folder), parametersDocument())

const faults = await coverageFaults(root)
for (const fault of faults) console.error(fault)
process.exitCode = faults.length > 0 ? 1 : 0
