import { Type, type Static } from 'typebox'
import { Executor, Sha256 } from './backup-events.ts'
import { about, Code, Instant, Line, nullable, Uuid } from './values.ts'

/**
 * What a backup agent and backup-orchestration say to each other. The agent always calls; nobody calls the agent.
 *
 * Payload and keys never pass here: an agent reads its sources, seals what it stores and knows its keys by itself.
 */

const FencingToken = Type.Integer({
  minimum: 1,
  // As wide as its column.
  maximum: 2_147_483_647,
  description: 'As the assignment gave it; an older one is refused.',
})

/** Bytes, files or tables: whole, and no more than a double tells apart. */
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })

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
    hostName: about(Line(255), 'Name of the host that it runs on.'),
    version: about(Line(40), 'Version of its software.'),
    executors: Type.Array(ExecutorProbe, {
      maxItems: 8,
      description: 'What it can save with, one entry for each executor.',
    }),
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
        executor: Type.Literal('filesystem', { description: 'Saves files.' }),
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
        executor: Type.Literal('postgres', { description: 'Saves a PostgreSQL database.' }),
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
  assignmentId: about(Uuid, 'Names the piece of work in heartbeats and the report.'),
  fencingToken: about(
    FencingToken,
    'Grows with every lease of the assignment; an older one is refused.',
  ),
  /** Until when the agent may work without a heartbeat. */
  leaseUntil: about(
    Instant,
    'Until when the agent may work without a heartbeat; then another one may take the work.',
  ),
  heartbeatSeconds: Type.Integer({
    minimum: 1,
    description: 'How often to send a heartbeat, whole seconds.',
  }),
  targetCode: about(Code, 'The target whose backup it is.'),
}

/** One stored object: where it lies and what it must be. */
const stored = {
  copyId: about(Uuid, 'The copy in the catalogue.'),
  siteCode: about(Code, 'The site in whose store it lies.'),
  /** Path below the store's root, unique per copy. */
  objectName: Type.String({ description: 'Path below the root of the store, of this copy alone.' }),
}

/** What an agent is asked to do. */
export const Assignment = Type.Union(
  [
    Type.Object(
      {
        ...assigned,
        kind: Type.Literal('backup', { description: 'Save the source.' }),
        runId: about(Uuid, 'The run that saves it.'),
        source: Source,
        into: Type.Object(stored, { description: 'Where the object is to lie.' }),
        /** Which of the agent's keys seals it. */
        keyId: about(Code, 'Which of the keys of the agent seals it.'),
      },
      { title: 'BackupWork' },
    ),
    Type.Object(
      {
        ...assigned,
        kind: Type.Literal('copy', { description: 'Copy a stored object to another site.' }),
        runId: about(Uuid, 'The run that saved it.'),
        from: Type.Object(
          { ...stored, digest: about(Sha256, 'What its bytes must be, SHA-256.') },
          { description: 'The object to copy.' },
        ),
        into: Type.Object(stored, { description: 'Where the copy is to lie.' }),
      },
      { title: 'CopyWork' },
    ),
    Type.Object(
      {
        ...assigned,
        kind: Type.Literal('verify', { description: 'Read a stored object again to its end.' }),
        runId: about(Uuid, 'The run that saved it.'),
        copy: Type.Object(
          { ...stored, digest: about(Sha256, 'What its bytes must be, SHA-256.') },
          { description: 'The object to read.' },
        ),
      },
      { title: 'VerifyWork' },
    ),
    Type.Object(
      {
        ...assigned,
        kind: Type.Literal('restore', {
          description: 'Restore a stored object into a scratch place.',
        }),
        planId: about(Uuid, 'The approved restore plan.'),
        executor: Executor,
        copy: Type.Object(
          { ...stored, digest: about(Sha256, 'What its bytes must be, SHA-256.') },
          { description: 'The object to restore.' },
        ),
        scratchName: Type.String({
          pattern: '^[a-z][a-z0-9_]{0,62}$',
          description:
            'Name of the folder or database that the agent makes below its scratch place.',
        }),
        /** What the backup said it holds. */
        manifestDigest: about(Sha256, 'SHA-256 of the list of what the backup said it holds.'),
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
    fencingToken: FencingToken,
    /** What is being done. */
    phase: about(Line(60), 'What is being done, for people.'),
    bytesDone: about(Count, 'Bytes worked so far.'),
  },
  { title: 'BackupHeartbeat', additionalProperties: false },
)
export type Heartbeat = Static<typeof Heartbeat>

/** The answer to a heartbeat. */
export const HeartbeatAnswer = Type.Object(
  {
    leaseUntil: about(Instant, 'Until when the agent may work on without another heartbeat.'),
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
    outcome: Type.Literal('failed', { description: 'The work failed.' }),
    fencingToken: FencingToken,
    cause: Type.Enum(['executor', 'digest', 'refused', 'cancelled'], {
      description:
        '`executor`: the tool failed; `digest`: what was read is not what was written; `refused`: the settings of the agent forbid it; `cancelled`: it was called off.',
    }),
    detail: about(Line(2_000), 'What went wrong, for people.'),
  },
  { title: 'FailedReport', additionalProperties: false },
)

const readBack = {
  storedBytes: about(Count, 'Bytes in the store.'),
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
        outcome: Type.Literal('backed-up', { description: 'The source was saved.' }),
        fencingToken: FencingToken,
        ...readBack,
        tool: about(Line(200), 'Name and version of the tool that saved it.'),
        /** The instant of the data: before the first byte was read. */
        dataAt: about(Instant, 'The instant of the data: before its first byte was read.'),
        /** SHA-256 of the canonical list of what is inside: each file's path, size, mode and SHA-256, or each table's rows. */
        manifestDigest: about(
          Sha256,
          'SHA-256 of the canonical list of what is inside: path, size, mode and SHA-256 of each file, or the rows of each table.',
        ),
        items: about(Count, 'Files or tables.'),
        sourceBytes: about(
          Count,
          'Bytes read at the source, before they were compressed and sealed.',
        ),
      },
      { title: 'BackedUpReport', additionalProperties: false },
    ),
    Type.Object(
      {
        outcome: Type.Enum(['copied', 'verified'], {
          description: 'The object was copied, or read again.',
        }),
        fencingToken: FencingToken,
        ...readBack,
      },
      { title: 'ReadBackReport', additionalProperties: false },
    ),
    Type.Object(
      {
        outcome: Type.Literal('restored', { description: 'The object was restored.' }),
        fencingToken: FencingToken,
        /** SHA-256 of the list made from what lies in the scratch place now. */
        manifestDigest: about(
          Sha256,
          'SHA-256 of the list made from what lies in the scratch place now.',
        ),
        compared: about(Count, 'Files or tables compared.'),
        differences: Type.Array(Line(500), {
          maxItems: 20,
          description: 'First differences, `path: why`.',
        }),
        scratch: about(Line(1_000), 'Where it was restored to.'),
      },
      { title: 'RestoredReport', additionalProperties: false },
    ),
  ],
  { title: 'BackupReport', description: 'How a piece of work ended.' },
)
export type Report = Static<typeof Report>
