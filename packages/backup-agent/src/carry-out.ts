import type { Assignment, Report } from '@erp-steward/contracts/agent-protocol'
import type { Work } from './assignments.ts'
import { backUpFolder } from './filesystem/back-up-folder.ts'
import { restoreFolder } from './filesystem/restore-folder.ts'
import { backUpDatabase } from './postgres/back-up-database.ts'
import { restoreDatabase } from './postgres/restore-database.ts'
import { copyObject } from './store/copy-object.ts'
import { verifyObject } from './store/verify-object.ts'
import { asLine, codeOf, WorkFailed } from './work-failed.ts'

/** Does what an assignment asks and answers with the report. @throws the reason of `work.signal` when that ends it */
export async function carryOut(assignment: Assignment, work: Work): Promise<Report> {
  try {
    return await done(assignment, work)
  } catch (error) {
    work.signal.throwIfAborted()
    const { fencingToken } = assignment
    if (error instanceof WorkFailed)
      return {
        outcome: 'failed',
        fencingToken,
        cause: error.reportedCause,
        detail: asLine(error.message, 2_000),
      }
    work.place.log.error({ err: error, assignmentId: assignment.assignmentId }, 'work failed')
    return { outcome: 'failed', fencingToken, cause: 'executor', detail: detailOf(error) }
  }
}

function done(assignment: Assignment, work: Work): Promise<Report> {
  switch (assignment.kind) {
    case 'backup':
      return assignment.source.executor === 'filesystem'
        ? backUpFolder(assignment, assignment.source, work)
        : backUpDatabase(assignment, assignment.source, work)
    case 'copy':
      return copyObject(assignment, work)
    case 'verify':
      return verifyObject(assignment, work)
    case 'restore':
      return assignment.executor === 'filesystem'
        ? restoreFolder(assignment, work)
        : restoreDatabase(assignment, work)
  }
}

// Errors of the system name a path and a code; the text of any other could carry more than we know.
function detailOf(error: unknown): string {
  const code = codeOf(error)
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return 'no space is left in the store or the scratch place'
  if (typeof code === 'string' && error instanceof Error && 'syscall' in error)
    return asLine(error.message, 2_000)
  return 'the agent failed; its log says why'
}
