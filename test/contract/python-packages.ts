import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { root } from '../e2e/site.ts'

const run = promisify(execFile)
const ours = join(import.meta.dirname, 'requirements.txt')

/**
 * Folder with the packages that a `requirements.txt` pins, for `PYTHONPATH`; pip fetches them on first use and after a
 * change of that file. Without Python, pip or a registry `missing` says what there is not.
 */
export async function pythonPackages(
  requirements = ours,
): Promise<{ folder: string } | { missing: string }> {
  const pinned = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
  const folder = join(root, '.cache', `python-${pinned.slice(0, 16)}`)
  if (existsSync(folder)) return { folder }
  await mkdir(join(root, '.cache'), { recursive: true })
  // Filled beside and renamed, so that a folder that was cut off is never taken for a whole one.
  const fresh = await mkdtemp(join(root, '.cache/python-'))
  try {
    await run('python3', [
      ...['-m', 'pip', 'install', '--quiet', '--no-deps', '--no-compile', '--upgrade'],
      ...['--target', fresh, '--requirement', requirements],
    ])
    await rename(fresh, folder)
    return { folder }
  } catch (error) {
    // Another test file was sooner, and what stands under that name is whole.
    if (existsSync(folder)) return { folder }
    const { message } = error as Error
    return { missing: `Python 3.10 or newer with pip, and a registry for it: ${message}` }
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
}
