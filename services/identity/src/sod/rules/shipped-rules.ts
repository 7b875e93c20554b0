import { said, type Bilingual } from '@erp-steward/contracts/bilingual'
import { inPairOrder } from './rule-set.ts'

/** Something that one may do in the ERP, as the rules of incompatible duties name it. */
interface ShippedDuty {
  readonly code: string
  readonly title: Bilingual
}

/** Source: defaults 2.8, segregation of duties. A site says which of its responsibilities and roles carry which. */
const shippedDuties: readonly ShippedDuty[] = [
  duty('SUPPLIER-MAINTENANCE', 'Supplier maintenance', '供应商维护'),
  duty('INVOICE-ENTRY', 'Invoice entry', '发票录入'),
  duty('PAYMENT', 'Payment', '付款'),
  duty('REQUISITION', 'Requisition', '采购申请'),
  duty('REQUISITION-APPROVAL', 'Approval of requisitions', '采购申请审批'),
  duty('PURCHASE-ORDER', 'Purchase order', '采购订单'),
  duty('RECEIPT', 'Receipt of goods', '采购接收'),
  duty('JOURNAL-ENTRY', 'Journal entry', '日记账录入'),
  duty('JOURNAL-POSTING', 'Journal posting', '日记账过账'),
  duty('CUSTOMER-MAINTENANCE', 'Customer maintenance', '客户维护'),
  duty('RECEIPT-APPLICATION', 'Application of receipts', '收款核销'),
  duty('SALES-ORDER', 'Sales order', '销售订单'),
  duty('CREDIT-LIMIT', 'Credit limit', '信用额度'),
  duty('INVENTORY-ADJUSTMENT', 'Inventory adjustment', '库存调整'),
  duty('COUNT-APPROVAL', 'Approval of counts', '盘点审批'),
  duty('ASSET-ADDITION', 'Asset addition', '资产新增'),
  duty('ASSET-RETIREMENT-APPROVAL', 'Approval of asset retirement', '资产报废审批'),
  duty('PAYROLL-HR-MASTER', 'Payroll and HR master data', '薪酬与人事主数据'),
  duty('USER-ADMINISTRATION', 'User administration', '用户管理'),
  duty('BUSINESS', 'Any business role', '任一业务角色'),
  duty('DEVELOPMENT', 'Development', '开发'),
  duty('PRODUCTION-DEPLOYMENT', 'Production deployment', '生产发布'),
  duty('SECURITY-ADMINISTRATION', 'Security administration', '安全管理'),
  duty('AUDIT-ADMINISTRATION', 'Audit administration', '审计管理'),
]

/** Pairs of duties that one person may not hold. Source: defaults 2.8. */
const shippedPairs: readonly (readonly [string, string])[] = [
  ['SUPPLIER-MAINTENANCE', 'INVOICE-ENTRY'],
  ['SUPPLIER-MAINTENANCE', 'PAYMENT'],
  ['INVOICE-ENTRY', 'PAYMENT'],
  ['REQUISITION', 'REQUISITION-APPROVAL'],
  ['PURCHASE-ORDER', 'RECEIPT'],
  ['PURCHASE-ORDER', 'SUPPLIER-MAINTENANCE'],
  ['JOURNAL-ENTRY', 'JOURNAL-POSTING'],
  ['CUSTOMER-MAINTENANCE', 'RECEIPT-APPLICATION'],
  ['SALES-ORDER', 'CREDIT-LIMIT'],
  ['INVENTORY-ADJUSTMENT', 'COUNT-APPROVAL'],
  ['ASSET-ADDITION', 'ASSET-RETIREMENT-APPROVAL'],
  ['PAYROLL-HR-MASTER', 'PAYMENT'],
  ['USER-ADMINISTRATION', 'BUSINESS'],
  ['DEVELOPMENT', 'PRODUCTION-DEPLOYMENT'],
  ['SECURITY-ADMINISTRATION', 'AUDIT-ADMINISTRATION'],
]

function duty(code: string, en: string, zh: string): ShippedDuty {
  return { code, title: said(en, zh) }
}

/**
 * The rules that are in force until a site changes them; no grant carries a duty yet. A migration writes them: other ones come
 * by another migration, for what this one wrote stays what it wrote.
 */
export const shippedRules = {
  duties: shippedDuties,
  pairs: shippedPairs.map(([first, second]) => inPairOrder({ first, second })),
}
