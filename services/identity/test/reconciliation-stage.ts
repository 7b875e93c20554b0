import { randomUUID } from 'node:crypto'
import { runDueJobs } from '@erp-steward/test-kit/due-jobs'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { as, call, ok } from './directory-stage.ts'

export interface UploadView {
  readonly id: string
  readonly state: string
  readonly accounts: number
  readonly parts: number
  readonly partsDone: number
  readonly counts: { readonly found: number; readonly standing: number; readonly gone: number }
}

export interface FindingView {
  readonly id: string
  readonly kind: string
  readonly state: string
  readonly accountId: string | null
  readonly userName: string | null
  readonly employeeNumber: string | null
  readonly holds: string | null
  readonly name: string | null
  readonly expected: string | null
  readonly found: string | null
  readonly foundBy: string
  readonly seenBy: string
  readonly decision: string | null
  readonly closedBy: string | null
  readonly closedWhy: string | null
  readonly version: number
}

/** A user of EBS that is open and holds nothing, if not said otherwise. */
export const held = (userName: string, members: object = {}) => ({
  userName,
  endDate: null,
  responsibilities: [],
  roles: [],
  ...members,
})

/** A responsibility as EBS has it. */
export const holds = (application: string, key: string, members: object = {}) => ({
  ...{ application, key, securityGroup: 'STANDARD', endDate: null },
  ...members,
})

export const openUpload = (stage: TestService, takenAt = stage.now) =>
  ok<UploadView>(
    call(stage, {
      method: 'POST',
      url: '/v1/ebs-uploads',
      headers: as('MIDDLEWARE'),
      payload: { takenAt: takenAt.toISOString() },
    }),
  )

export const putPart = (
  stage: TestService,
  id: string,
  part: number,
  rows: readonly (object | string)[],
) =>
  call(stage, {
    method: 'PUT',
    url: `/v1/ebs-uploads/${id}/parts/${String(part)}`,
    headers: { ...as('MIDDLEWARE'), 'content-type': 'application/x-ndjson' },
    payload: rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row))).join('\n'),
  })

export const complete = (stage: TestService, id: string, accounts: number, profileOptions = 0) =>
  call(stage, {
    method: 'POST',
    url: `/v1/ebs-uploads/${id}/complete`,
    headers: as('MIDDLEWARE'),
    payload: { accounts, profileOptions },
  })

/** What EBS holds, uploaded in parts of two lines and compared. */
export async function upload(
  stage: TestService,
  rows: readonly object[],
  takenAt = stage.now,
): Promise<UploadView> {
  const { id } = await openUpload(stage, takenAt)
  for (let at = 0; at < rows.length; at += 2)
    await ok(putPart(stage, id, at / 2 + 1, rows.slice(at, at + 2)))
  const accounts = rows.filter((row) => 'userName' in row).length
  await ok(complete(stage, id, accounts, rows.length - accounts))
  await runDueJobs(stage.db, 'identity', stage.tasks, stage.now)
  return ok<UploadView>(
    call(stage, { method: 'GET', url: `/v1/ebs-uploads/${id}`, headers: as('AUDIT_ADMIN') }),
  )
}

export async function findings(
  stage: TestService,
  query = '',
  headers = as('SECURITY_ADMIN'),
): Promise<FindingView[]> {
  const url = `/v1/ebs-findings?limit=200${query}`
  const { items } = await ok<{ items: FindingView[] }>(call(stage, { method: 'GET', url, headers }))
  return items
}

/** Decides a finding as the security administrator. */
export const decide = (
  stage: TestService,
  { id, version }: Pick<FindingView, 'id' | 'version'>,
  verb: 'end' | 'restore' | 'ignore' | 'adopt',
  members: object = {},
  headers = as('SECURITY_ADMIN', { sub: randomUUID() }),
) =>
  call(stage, {
    method: 'POST',
    url: `/v1/ebs-findings/${id}/${verb}`,
    headers,
    version,
    payload: { reason: 'looked at', ...members },
  })
