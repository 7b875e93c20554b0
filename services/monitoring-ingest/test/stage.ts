import { randomUUID } from 'node:crypto'
import type { Envelope } from '@erp-steward/contracts/event'
import { runTask } from '@erp-steward/test-kit/run-task'
import { testService, type TestService } from '@erp-steward/test-kit/test-service'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { caller, type TestCaller } from '@erp-steward/test-kit/tokens'
import type { LightMyRequestResponse } from 'fastify'
import type { MonitoringConfig } from '../src/config.ts'
import { monitoringIngest } from '../src/service.ts'
import { writeBody, type SentSeries } from './encode-write-request.ts'

/** A Sunday noon in China. */
export const NOON = new Date('2026-11-22T04:00:00Z')

export const CONFIG: MonitoringConfig = {
  INGEST_CONNECTIONS: 4,
  INGEST_IN_FLIGHT: 32,
  INGEST_SERIES_PER_SOURCE: 100,
  SAMPLE_RETENTION_DAYS: 30,
}

export interface SentSource {
  readonly id: string
  readonly token: string
}

/** The service with two units, and the calls every test makes. */
export class Stage {
  readonly service: TestService
  readonly unitId = randomUUID()
  readonly otherUnitId = randomUUID()

  constructor(service: TestService) {
    this.service = service
  }

  static async open(config: Partial<MonitoringConfig> = {}): Promise<Stage> {
    const stage = new Stage(await testService(monitoringIngest, { ...CONFIG, ...config }, NOON))
    const { db } = stage.service
    await db.query(
      `insert into unit (id, code, name, uses_erp, active, version)
       values ($1, 'U1', 'Unit one', true, true, 1), ($2, 'U2', 'Unit two', true, true, 1)`,
      [stage.unitId, stage.otherUnitId],
    )
    await db.query(`insert into module values ('GL', 'General ledger', true, 1)`)
    return stage
  }

  /** A call as a caller, tokens valid whatever time the test has moved to. */
  call(
    method: 'GET' | 'POST' | 'PUT',
    url: string,
    { as, body, headers = {} }: { as: TestCaller; body?: object; headers?: Record<string, string> },
  ) {
    return this.service.app.inject({
      method,
      url,
      headers: { ...caller(as), 'idempotency-key': randomUUID(), ...headers },
      ...(body !== undefined && { payload: body }),
    })
  }

  /** Approves what a call answered 202 with, as a person who has nothing to do with it. */
  async approve(proposed: LightMyRequestResponse, as: Partial<TestCaller> = {}) {
    if (proposed.statusCode !== 202) throw new Error(`not proposed: ${String(proposed.statusCode)}`)
    const { id } = proposed.json<{ id: string }>()
    return this.call('POST', `/v1/proposals/monitoring-ingest/${id}/approve`, {
      as: { roles: ['SYSTEM_ADMIN'], person: randomUUID(), ...as },
      headers: { 'if-match': '"1"' },
      body: {},
    })
  }

  async source(
    name: string = randomUUID(),
    moduleCode: string | null = null,
    unitId: string = this.unitId,
  ): Promise<SentSource> {
    const as: TestCaller = { roles: ['SYSTEM_ADMIN'] }
    const body = { name, unitId, moduleCode }
    const created = await this.call('POST', '/v1/sources', { as, body })
    const { id } = created.json<{ id: string }>()
    const issued = await this.call('POST', `/v1/sources/${id}/token`, {
      as,
      headers: { 'if-match': '"1"' },
    })
    return { id, token: issued.json<{ token: string }>().token }
  }

  /** Sends bytes as remote write does. */
  send(token: string, payload: Buffer, headers: Record<string, string> = {}) {
    return this.service.app.inject({
      method: 'POST',
      url: '/v1/metrics/write',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/x-protobuf',
        'content-encoding': 'snappy',
        'x-prometheus-remote-write-version': '0.1.0',
        ...headers,
      },
      payload,
    })
  }

  write(token: string, series: readonly SentSeries[]) {
    return this.send(token, writeBody(series))
  }

  async events(type: string): Promise<Envelope[]> {
    return (await queuedEvents(this.service.db)).filter((event) => event.type === type)
  }

  /** Runs a task as the clockwork would. */
  run(name: string, payload: unknown = {}): Promise<void> {
    return runTask(this.service, name, payload)
  }

  /** A person of the first unit, or of another, with an account and roles. */
  async person(id: string, roles: readonly string[], unitId: string = this.unitId): Promise<void> {
    await this.service.db.query(
      `insert into person (id, unit_id, active, version, account_status, roles, standing_version)
       values ($1, $2, true, 1, 'active', $3, 1)`,
      [id, unitId, roles],
    )
  }

  /** What identity states about the account and the roles of a person. */
  async standing(personId: string, accountStatus: string, roles: readonly string[]) {
    const [row]: { version: number }[] = await this.service.db.query(
      'select standing_version + 1 as version from person where id = $1',
      [personId],
    )
    const data = { personId, accountId: personId, accountStatus, roles, version: row?.version ?? 1 }
    await this.tell('identity.directory.standing-changed.v1', personId, data)
  }

  /** Hands an event to the service as the bus would. */
  async tell(type: string, subject: string, data: object): Promise<void> {
    const outcome = await this.service.consumer.deliver({
      specversion: '1.0',
      id: randomUUID(),
      source: `/${type.split('.')[0] ?? ''}`,
      type,
      subject,
      time: this.service.now.toISOString(),
      datacontenttype: 'application/json',
      actor: 'test',
      actingrole: 'SYSTEM_ADMIN',
      clauseids: '',
      requestid: 'request-1',
      traceparent: '',
      data,
    })
    if (outcome !== 'handled') throw new Error(`${type} was ${outcome}`)
  }

  async count(sql: string, values: unknown[] = []): Promise<number> {
    const [row]: { count: number }[] = await this.service.db.query(
      `select count(*)::int as count from ${sql}`,
      values,
    )
    return row?.count ?? -1
  }

  pass(seconds: number): void {
    this.service.now = new Date(this.service.now.getTime() + seconds * 1_000)
  }

  release(): Promise<void> {
    return this.service.release()
  }
}
