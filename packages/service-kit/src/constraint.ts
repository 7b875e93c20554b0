import { QueryFailedError } from 'typeorm'

/** Whether `error` is PostgreSQL refusing a row for the named unique or exclusion constraint (23505, 23P01). */
export function isConstraintViolation(error: unknown, constraint: string): boolean {
  if (!(error instanceof QueryFailedError)) return false
  const driver = error.driverError as { code?: string; constraint?: string }
  return (driver.code === '23505' || driver.code === '23P01') && driver.constraint === constraint
}
