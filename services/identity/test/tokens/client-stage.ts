import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { TestService } from '@erp-steward/test-kit/test-service'
import type { ClientRole } from '../../src/clients/client.ts'

export const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

export interface Machine {
  readonly id: string
  readonly secret: string
  /** Its credentials as HTTP Basic. */
  readonly basic: string
}

/** A machine that may call, with a secret of its own. */
export async function addMachine(
  { db, now }: TestService,
  role: ClientRole = 'SCRIPT',
): Promise<Machine> {
  const id = randomUUID()
  const secret = randomBytes(32).toString('base64url')
  await db.query(
    `insert into client (id, name, role, status, secret_hash, created_at)
     values ($1, $2, $3, 'active', $4, $5)`,
    [id, `machine ${id}`, role, createHash('sha256').update(secret).digest(), now],
  )
  const basic = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
  return { id, secret, basic }
}

/** Posts a form, as the libraries of OAuth 2 do. */
export function postForm(
  { app }: TestService,
  url: string,
  form: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
) {
  return app.inject({
    method: 'POST',
    url,
    headers: { ...FORM, ...headers },
    payload: new URLSearchParams(form).toString(),
  })
}

/** Where the front end of the tests has people sent back to. */
export const CALLBACK = 'https://front.example.test/callback?tenant=a'
export const SIGNED_OUT = 'https://front.example.test/bye'

/** A front end: with a secret if it runs on a server, with none if it runs in a browser. */
export async function addFrontEnd({ db, now }: TestService, withSecret = true): Promise<Machine> {
  const id = randomUUID()
  const secret = randomBytes(32).toString('base64url')
  await db.query(
    `insert into client (id, name, role, status, secret_hash, created_at, redirect_uris, sign_out_uris)
     values ($1, $2, 'FRONT_END', 'active', $3, $4, $5, $6)`,
    [
      id,
      `<b>front</b> & end ${id}`,
      withSecret ? createHash('sha256').update(secret).digest() : null,
      now,
      [CALLBACK, 'http://127.0.0.1:9/callback'],
      [SIGNED_OUT],
    ],
  )
  const basic = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
  return { id, secret, basic }
}
