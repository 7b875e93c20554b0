import { test } from '@jest/globals'

/** A test that needs more than Node: left out with the reason where that is missing, failed where CI runs. */
export function testWith(
  missing: string | null,
  title: string,
  body: () => Promise<void>,
  timeoutMs?: number,
): void {
  if (missing === null) test(title, body, timeoutMs)
  else if (process.env.CI === 'true')
    test(title, () => {
      throw new Error(`missing: ${missing}`)
    })
  else test.skip(`${title} (missing: ${missing})`, body)
}
