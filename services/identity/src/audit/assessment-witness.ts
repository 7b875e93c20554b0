import { SignedHead } from '@erp-steward/contracts/ledger-events'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { WitnessUnreachable, type HeadWitness } from './compare-witness.ts'

/** How long assessment may take for a page, in milliseconds. */
const ANSWER_MS = 10_000

const Page = Type.Object({
  items: Type.Array(SignedHead),
  next: Type.Union([Type.Integer(), Type.Null()]),
})
const isPage = Compile(Page)

/** The heads that assessment heard of by event and keeps in a schema that identity cannot reach; it is asked over HTTP. */
export function assessmentWitness(url: string, internalToken: string): HeadWitness {
  return { witness: 'assessment', heads: url === '' ? null : () => pagesOf(url, internalToken) }
}

async function* pagesOf(url: string, internalToken: string): AsyncIterable<SignedHead[]> {
  let after: number | null = 0
  while (after !== null) {
    const page: unknown = await ask(
      `${url}/internal/ledger-heads?after=${String(after)}`,
      internalToken,
    )
    if (!isPage.Check(page)) throw new WitnessUnreachable('assessment answered something else')
    yield page.items
    after = page.next
  }
}

async function ask(url: string, internalToken: string): Promise<unknown> {
  try {
    const answer = await fetch(url, {
      headers: { authorization: `Bearer ${internalToken}` },
      signal: AbortSignal.timeout(ANSWER_MS),
    })
    if (!answer.ok) throw new Error(`assessment answered ${String(answer.status)}`)
    return await answer.json()
  } catch (error) {
    throw new WitnessUnreachable('assessment does not answer', { cause: error })
  }
}
