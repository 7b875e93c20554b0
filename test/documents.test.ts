import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from '@jest/globals'

const root = join(import.meta.dirname, '..')
/** Folders of what is installed, and those with a dot: what is made at run time, and `.ci`, which has no documents. */
const skipped = /^(node_modules|\..*)$/

/** Every Markdown file below a folder, as paths from the root. */
async function markdown(folder = ''): Promise<string[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true })
  const found: string[] = []
  for (const entry of entries) {
    const path = join(folder, entry.name)
    if (entry.isDirectory() && !skipped.test(entry.name)) found.push(...(await markdown(path)))
    else if (entry.name.endsWith('.md')) found.push(path)
  }
  return found
}

test('every relative link of every document leads to a file', async () => {
  const documents = await markdown()
  expect(documents).toContain('README.md')
  const broken: string[] = []
  for (const document of documents) {
    const text = await readFile(join(root, document), 'utf8')
    for (const [, link = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      const [path = ''] = link.split('#')
      const elsewhere = path === '' || /^[a-z]+:/.test(path)
      if (!elsewhere && !existsSync(join(root, dirname(document), decodeURI(path))))
        broken.push(`${document}: ${link}`)
    }
  }
  expect(broken).toEqual([])
})

test.each(['infra', 'packages', 'services'])('every folder of %s has a README', async (folder) => {
  const entries = await readdir(join(root, folder), { withFileTypes: true })
  const without = entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(folder, name))
    .filter((path) => !existsSync(join(root, path, 'README.md')))
  expect(without).toEqual([])
})

test('the README names every package, service and part of the infrastructure', async () => {
  const readme = await readFile(join(root, 'README.md'), 'utf8')
  for (const folder of ['infra', 'packages', 'services'])
    for (const entry of await readdir(join(root, folder), { withFileTypes: true }))
      if (entry.isDirectory()) expect(readme).toContain(`(${folder}/${entry.name}/README.md)`)
})
