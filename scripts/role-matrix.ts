import { permissions, roles, type Permission, type Role } from '@erp-steward/contracts/permissions'
import type { ServiceName } from '@erp-steward/contracts/services'
import { markdownTable } from '@erp-steward/regulation/regulation-documents'

/** Who is asked about: holders of one role alone, and who is signed in without any. */
export type Holder = Role | 'no role'
export const holders: readonly Holder[] = [...roles, 'no role']

/** An operation as its document declares it. */
export interface MatrixRow {
  readonly owner: ServiceName | 'gateway'
  /** In capitals. */
  readonly method: string
  /** With the parameters in braces. */
  readonly path: string
  readonly operationId: string
  /** `public`: it asks for no token; `signed-in`: for any token. */
  readonly access: Permission | 'signed-in' | 'public'
}

interface Operation {
  readonly operationId: string
  readonly 'x-permission'?: Permission
  readonly security?: readonly object[]
}

/** The rows of an OpenAPI document, in its order. */
export function matrixRows(owner: MatrixRow['owner'], document: unknown): MatrixRow[] {
  const { paths } = document as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  }
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({
      ...{ owner, method: method.toUpperCase(), path, operationId: operation.operationId },
      access:
        operation['x-permission'] ??
        // An operation without the word is behind the token, too: the document asks for it as a whole.
        (operation.security?.length === 0 ? 'public' : 'signed-in'),
    })),
  )
}

/** Whether the holder passes the check of rights; `false`: 403 `permission-missing`, with the permission named. */
export function passes({ access }: MatrixRow, holder: Holder): boolean {
  if (access === 'public' || access === 'signed-in') return true
  return holder !== 'no role' && permissions[access].some((role: Role) => role === holder)
}

/** Text of docs/role-matrix.md. */
export function roleMatrixDocument(rows: readonly MatrixRow[]): string {
  const head = ['Operation', 'Permission', ...roles]
  const byOwner = Map.groupBy(
    rows.filter(({ access }) => access !== 'public' && access !== 'signed-in'),
    ({ owner }) => owner,
  )
  return `# 角色操作矩阵 Roles and operations

由 \`npm run generate\` 根据各操作声明的权限生成。● 表示仅凭该角色即可通过权限检查；空格表示以 403 \`permission-missing\` 拒绝，应答写明所缺权限，
拒绝留存为证据。不带令牌一律为 401。通过权限检查不等于获准：数据范围、须由另一人办理等规则随后判断。一项测试以每个角色的令牌调用每个操作，逐格核对本表。

Written by \`npm run generate\` from the permission that each operation declares. ● passes the check of rights with that role alone;
an empty cell is refused with 403 \`permission-missing\`, which names the permission and is kept as evidence. Without a token the answer is
401. To pass is not to be allowed yet: range, and who must be another person, are judged after it. A test calls each operation
with a token of each role and compares every cell of this page.
${[...byOwner]
  .map(
    ([owner, its]) => `
## ${owner}

${markdownTable(
  head,
  its.map((row) => [
    `\`${row.method} ${row.path}\``,
    `\`${row.access}\``,
    ...roles.map((role) => (passes(row, role) ? '●' : '')),
  ]),
)}
`,
  )
  .join('')}
## 持任何有效令牌 With any valid token

${list(rows, 'signed-in')}

## 无需令牌 Without a token

${list(rows, 'public')}
`
}

function list(rows: readonly MatrixRow[], access: MatrixRow['access']): string {
  return rows
    .filter((row) => row.access === access)
    .map(({ method, path }) => `- \`${method} ${path}\``)
    .join('\n')
}
