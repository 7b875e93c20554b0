import { attentionKindNames, type AttentionKind } from '@erp-steward/contracts/attention'
import { Attention, type AttentionItem } from '@erp-steward/service-kit/attention'
import Value from 'typebox/value'
import { TEST_INTERNAL_TOKEN, type TestService } from './test-service.ts'

/** What a service tells the gateway wants a human now, of one kind or of all; of one unit or of all. */
export async function toldAttention(
  { app }: Pick<TestService, 'app'>,
  { kind, unitId }: { kind?: AttentionKind; unitId?: string } = {},
): Promise<readonly AttentionItem[]> {
  const query = new URLSearchParams({ limit: '200', ...(unitId !== undefined && { unitId }) })
  for (const each of kind === undefined ? attentionKindNames : [kind]) query.append('kind', each)
  const answer = await app.inject({
    url: `/internal/attention?${query.toString()}`,
    headers: { authorization: `Bearer ${TEST_INTERNAL_TOKEN}` },
  })
  if (answer.statusCode !== 200) throw new Error(answer.body)
  const told = answer.json<Attention>()
  // As the gateway does, which takes a service that answers anything else for silent.
  if (!Value.Check(Attention, told)) throw new Error(`no Attention: ${answer.body}`)
  return told.items
}
