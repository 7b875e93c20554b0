import { said } from '../bilingual.ts'
import { problem, type ProblemDefinition } from './problem-definition.ts'

/** Refusals of the SCIM operations, whose answers say them in the words of RFC 7644. */
export const scimProblems = {
  'scim-filter-refused': problem(
    400,
    said('The filter cannot be used', '该筛选条件无法使用'),
    said(
      'Write it as RFC 7644, 3.4.2.2 has it, with attributes of the schema and comparisons that their type allows.',
      '请按 RFC 7644 第 3.4.2.2 节书写，且只使用模式中的属性及其类型允许的比较。',
    ),
  ),
  'scim-too-many': problem(
    400,
    said('More would have to be opened than one request may', '需要解密的条目超过单次请求的上限'),
    said(
      'Add a condition that narrows it, such as on the organization, or compare whole values with `eq`.',
      '请增加能缩小范围的条件（例如单位），或以 `eq` 比较完整的值。',
    ),
  ),
  'scim-path-refused': problem(
    400,
    said('The path names no attribute of the resource', '该路径未指向资源的任何属性'),
    said('Take the names from `/scim/v2/Schemas`.', '请使用 `/scim/v2/Schemas` 中的名称。'),
  ),
  'scim-target-missing': problem(
    400,
    said('There is nothing at the path of the change', '更改的路径处没有内容'),
    said('Read the resource and decide anew.', '请重新读取该资源后再作决定。'),
  ),
  'scim-value-refused': problem(
    400,
    said('A value is missing or cannot be taken', '有值缺失或不被接受'),
    said(
      'Send values of the type that `/scim/v2/Schemas` names, and codes that the register knows.',
      '请发送 `/scim/v2/Schemas` 所列类型的值，以及登记中已有的编码。',
    ),
  ),
  'scim-mutability': problem(
    400,
    said('The attribute cannot be changed', '该属性不可更改'),
    said(
      'Leave it as it was read; `mutability` in `/scim/v2/Schemas` says which attributes change.',
      '请保持读取时的值；哪些属性可更改，见 `/scim/v2/Schemas` 的 `mutability`。',
    ),
  ),
  'external-id-taken': problem(
    409,
    said('Another person has this externalId with you', '您已将此 externalId 用于另一人员'),
    said('Find the person by it and go on there.', '请以此查找该人员后继续。'),
  ),
} as const satisfies Record<string, ProblemDefinition>
