import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { authenticateClient, type ClientCheck } from './authenticate-client.ts'
import { clientProofOf, type ClientBody } from './client-proof.ts'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * The front end that asks for tokens of a person. One that has a secret or a key proves who it is; one that has neither, for it
 * runs in a browser, only says so: what it may exchange is bound to it by PKCE.
 *
 * @throws Problem `client-refused`, `grant-forbidden` for a machine that signs nobody in
 */
export async function frontEndOf(
  check: ClientCheck,
  authorization: string | undefined,
  body: ClientBody,
): Promise<string> {
  const { client_id: id, client_secret: secret, client_assertion: assertion } = body
  const isBare = authorization === undefined && secret === undefined && assertion === undefined
  const client =
    isBare && id !== undefined
      ? await publicFrontEnd(check, id)
      : await authenticateClient(check, clientProofOf(authorization, body))
  if (client.role !== 'FRONT_END')
    throw new Problem('grant-forbidden', said('The client is no front end.', '该客户端不是前端。'))
  return client.id
}

async function publicFrontEnd({ db, read }: ClientCheck, id: string) {
  const client = UUID.test(id) ? await read(id.toLowerCase()) : undefined
  const keys: unknown[] = await db.query(
    `select from client_key
      where client_id = $1 and confirmed_at is not null and ended_at is null limit 1`,
    [client?.id ?? null],
  )
  if (client?.status !== 'active' || client.secret_hash !== null || keys.length > 0)
    throw new Problem(
      'client-refused',
      said('The client must prove who it is.', '该客户端须证明身份。'),
    )
  return client
}
