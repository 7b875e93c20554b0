import { randomUUID } from 'node:crypto'
import type { InjectOptions, LightMyRequestResponse as Response } from 'fastify'
import type { TestService } from './test-service.ts'

/** A request to a service under test, with the headers of its caller. */
export async function send(
  stage: TestService,
  method: 'GET' | 'POST' | 'PUT' | 'PATCH',
  url: string,
  headers: Readonly<Record<string, string>>,
  payload?: InjectOptions['payload'],
): Promise<Response> {
  return stage.app.inject({ method, url, headers, ...(payload !== undefined && { payload }) })
}

/** A creation with a key of its own, unless the headers bring one. */
export async function create(
  stage: TestService,
  url: string,
  headers: Readonly<Record<string, string>>,
  payload: InjectOptions['payload'],
): Promise<Response> {
  return send(stage, 'POST', url, { 'idempotency-key': randomUUID(), ...headers }, payload)
}
