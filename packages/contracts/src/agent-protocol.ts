import { Type, type Static } from 'typebox'
import { Executor, Sha256 } from './backup-events.ts'
import { Code, Instant, Line, nullable, Uuid } from './values.ts'

/**
 * What a backup agent and backup-orchestration say to each other. The agent always calls; nobody calls the agent.
 *
 * Payload and keys never pass here: an agent reads its sources, seals what it stores and knows its keys by itself.
 */

/** One executor of an agent, as found on its host at the start and daily. */
export const ExecutorProbe = Type.Object(
  {
    executor: Executor,
    isAvailable: Type.Boolean({ description: 'Whether it can work here.' }),
    tool: Type.String({
      maxLength: 200,
      description: 'Name and version of the tools, `pg_dump 18.1`; empty when none was found.',
    }),
    reason: nullable(Line(500), 'Why it cannot work, or what it cannot do; null when all is well.'),
  },
  { title: 'ExecutorProbe', additionalProperties: false },
)
export type ExecutorProbe = Static<typeof ExecutorProbe>

/** `PUT /v1/backup-agents/me`: the agent presents itself. */
export const AgentPresentation = Type.Object(
  {
    hostName: Line(255),
    version: Line(40),
    executors: Type.Array(ExecutorProbe, { maxItems: 8 }),
    sites: Type.Array(Code, {
      maxItems: 16,
      uniqueItems: true,
      description: 'Codes of the sites whose store this agent reaches.',
    }),
  },
  { title: 'AgentPresentation', additionalProperties: false },
)
export type AgentPresentation = Static<typeof AgentPresentation>

/** What is saved. The agent refuses what its own settings do not allow. */
export const Source = Type.Union(
  [
    Type.Object(
      {
        executor: Type.Literal('filesystem'),
        path: Type.String({
          minLength: 2,
          maxLength: 1_000,
          pattern: '^/[^\\u0000-\\u001f]+$',
          description: "Absolute folder on the agent's host.",
        }),
        exclude: Type.Array(Type.String({ minLength: 1, maxLength: 500 }), {
          maxItems: 100,
          description: 'Paths below it, relative, that are left out; a name ends at a slash.',
        }),
      },
      { title: 'FilesystemSource', additionalProperties: false },
    ),
    Type.Object(
      {
        executor: Type.Literal('postgres'),
        connection: Type.String({
          pattern: '^[a-z][a-z0-9-]{0,39}$',
          description: "Name of a connection in the agent's settings; never a URL.",
        }),
      },
      { title: 'PostgresSource', additionalProperties: false },
    ),
  ],
  {
    title: 'BackupSource',
    description: 'What is saved; the agent refuses what its own settings do not allow.',
  },
)
export type Source = Static<typeof Source>

const assigned = {
  assignmentId: Uuid,
  fencingToken: Type.Integer({
    minimum: 1,
    description: 'Grows with every lease of the assignment; an older one is refused.',
  }),
  /** Until when the agent may work without a heartbeat. */
  leaseUntil: Instant,
  heartbeatSeconds: Type.Integer({
    minimum: 1,
    description: 'How often to send a heartbeat, whole seconds.',
  }),
  targetCode: Code,
}

/** One stored object: where it lies and what it must be. */
const stored = {
  copyId: Uuid,
  siteCode: Code,
  /** Path below the store's root, unique per copy. */
  objectName: Type.String(),
}

/** What an agent is asked to do. */
export const Assignment = Type.Union(
  [
    Type.Object(
      {
        ...assigned,
        kind: Type.Literal('backup'),
        runId: Uuid,
        source: Source,
        into: Type.Object(stored),
        /** Which of the agent's keys seals it. */
        keyId: Code,
      },
      { title: 'BackupWork' },
    ),
    Type.Object(
      {
        ...assigned,
        kind: Type.Literal('copy'),
        runId: Uuid,
        from: Type.Object({ ...stored, digest: Sha256 }),
        into: Type.Object(stored),
      },
      { title: 'CopyWork' },
    ),
    Type.Object(
      {
        ...assigned,
        kind: Type.Literal('verify'),
        runId: Uuid,
        copy: Type.Object({ ...stored, digest: Sha256 }),
      },
      { title: 'VerifyWork' },
    ),
    Type.Object(
      {
        ...assigned,
        kind: Type.Literal('restore'),
        planId: Uuid,
        executor: Executor,
        copy: Type.Object({ ...stored, digest: Sha256 }),
        scratchName: Type.String({
          pattern: '^[a-z][a-z0-9_]{0,62}$',
          description:
            'Name of the folder or database that the agent makes below its scratch place.',
        }),
        /** What the backup said it holds. */
        manifestDigest: Sha256,
      },
      { title: 'RestoreWork' },
    ),
  ],
  { title: 'BackupAssignment', description: 'What an agent is asked to do.' },
)
export type Assignment = Static<typeof Assignment>

/** `POST /v1/backup-agents/me/leases`: asks for work; 200 with an assignment, 204 when there is none. */
export const LeaseRequest = Type.Object(
  {
    waitSeconds: Type.Integer({
      minimum: 0,
      maximum: 20,
      default: 0,
      description: 'How long to wait for work before the answer is 204, whole seconds.',
    }),
  },
  { title: 'LeaseRequest', additionalProperties: false },
)
export type LeaseRequest = Static<typeof LeaseRequest>

/** `POST /v1/backup-agents/me/assignments/{id}/heartbeat` */
export const Heartbeat = Type.Object(
  {
    fencingToken: Type.Integer({ minimum: 1 }),
    /** What is being done. */
    phase: Line(60),
    bytesDone: Type.Integer({ minimum: 0 }),
  },
  { title: 'BackupHeartbeat', additionalProperties: false },
)
export type Heartbeat = Static<typeof Heartbeat>

/** The answer to a heartbeat. */
export const HeartbeatAnswer = Type.Object(
  {
    leaseUntil: Instant,
    isCancelled: Type.Boolean({
      description:
        'The work was called off: stop, clean up, report `failed` with cause `cancelled`.',
    }),
  },
  { title: 'HeartbeatAnswer' },
)
export type HeartbeatAnswer = Static<typeof HeartbeatAnswer>

const failed = Type.Object(
  {
    outcome: Type.Literal('failed'),
    fencingToken: Type.Integer({ minimum: 1 }),
    cause: Type.Enum(['executor', 'digest', 'refused', 'cancelled']),
    detail: Line(2_000),
  },
  { title: 'FailedReport', additionalProperties: false },
)

const readBack = {
  storedBytes: Type.Integer({ minimum: 0, description: 'Bytes in the store.' }),
  writtenDigest: nullable(Sha256, 'SHA-256 while writing; null where nothing was written.'),
  readDigest: nullable(
    Sha256,
    'SHA-256 of the object, opened anew and read to its end; null when it is not there.',
  ),
  finding: nullable(
    Line(2_000),
    'What is wrong with the object, as precisely as it can be told; null when nothing is.',
  ),
}

/** `POST /v1/backup-agents/me/assignments/{id}/report`. The same report again gets the same answer. */
export const Report = Type.Union(
  [
    failed,
    Type.Object(
      {
        outcome: Type.Literal('backed-up'),
        fencingToken: Type.Integer({ minimum: 1 }),
        ...readBack,
        tool: Line(200),
        /** The instant of the data: before the first byte was read. */
        dataAt: Instant,
        /** SHA-256 of the canonical list of what is inside: each file's path, size, mode and SHA-256, or each table's rows. */
        manifestDigest: Sha256,
        items: Type.Integer({ minimum: 0, description: 'Files or tables.' }),
        sourceBytes: Type.Integer({ minimum: 0 }),
      },
      { title: 'BackedUpReport', additionalProperties: false },
    ),
    Type.Object(
      {
        outcome: Type.Enum(['copied', 'verified']),
        fencingToken: Type.Integer({ minimum: 1 }),
        ...readBack,
      },
      { title: 'ReadBackReport', additionalProperties: false },
    ),
    Type.Object(
      {
        outcome: Type.Literal('restored'),
        fencingToken: Type.Integer({ minimum: 1 }),
        /** SHA-256 of the list made from what lies in the scratch place now. */
        manifestDigest: Sha256,
        compared: Type.Integer({ minimum: 0 }),
        differences: Type.Array(Line(500), {
          maxItems: 20,
          description: 'First differences, `path: why`.',
        }),
        scratch: Line(1_000),
      },
      { title: 'RestoredReport', additionalProperties: false },
    ),
  ],
  { title: 'BackupReport', description: 'How a piece of work ended.' },
)
export type Report = Static<typeof Report>
