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

/** What most answers carry. */
export interface Resource {
  readonly id: string
  readonly version: number
  readonly [member: string]: unknown
}

/** The body of an answer that must be a success. @throws Error with what was answered if it is none */
export async function made<Body = Resource>(answer: Promise<Response>): Promise<Body> {
  const { statusCode, body } = await answer
  if (statusCode >= 300) throw new Error(`${String(statusCode)} ${body}`)
  return JSON.parse(body) as Body
}

/** Status and code of a refusal. */
export async function refusal(answer: Promise<Response>): Promise<[number, unknown]> {
  const { statusCode, body } = await answer
  return [statusCode, (JSON.parse(body) as { code?: unknown }).code]
}
