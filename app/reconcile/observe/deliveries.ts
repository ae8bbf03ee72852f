import type { ReconcileDeps } from '../deps.ts'
import type { Delivery } from '../ports/store.ts'

/** The deliveries whose MAC holds; the others say nothing, and somebody must hear of them (trust.md 5.3). */
export const genuine = (
  deps: Pick<ReconcileDeps, 'log'>,
  { valid, forged }: { readonly valid: readonly Delivery[]; readonly forged: readonly string[] },
): readonly Delivery[] => {
  if (forged.length > 0) deps.log.alert('delivery.forged', { deliveries: forged })
  return valid
}
