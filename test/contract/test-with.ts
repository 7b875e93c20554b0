import { test } from '@jest/globals'

/** A test that needs more than Node: left out with the reason where that is missing, failed where CI runs. */
export function testWith(missing: string | null, title: string, body: () => Promise<void>): void {
  if (missing === null) test(title, body)
  else if (process.env.CI === 'true')
    test(title, () => {
      throw new Error(`missing: ${missing}`)
    })
  else test.skip(`${title} (missing: ${missing})`, body)
}
