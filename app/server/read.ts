import type { z } from 'zod'
import { Problem } from './problem.ts'

/** What a caller sent, in shape; throws `invalid` with every fault in one sentence. */
export function read<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const outcome = schema.safeParse(value)
  if (outcome.success) return outcome.data
  const faults = outcome.error.issues.map((issue) =>
    issue.path.length === 0 ? issue.message : `${issue.path.join('.')}: ${issue.message}`,
  )
  throw new Problem(
    'invalid',
    `The call is not in shape: ${faults.join('; ')}.`,
    'docs/api.md lists what each call takes',
  )
}
