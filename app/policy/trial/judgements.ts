import { hash } from 'node:crypto'
import type { Judge, Judgement } from './judge.ts'
import type { Question } from './question.ts'

/** A judge who is told by what digest a question is on record. */
export type JudgeOfRecorded = (question: Question, input: string) => Promise<Judgement>

/** Those of the accepted policies and of a few proposals, each over as many decisions as are replayed. */
const mostKept = 10_000

/**
 * Remembers what policies made of recorded questions, the last `most` of them: the same bytes of both give the same
 * judgement. Trouble is not remembered.
 */
export function rememberJudgements(most = mostKept) {
  const known = new Map<string, Judgement>()
  /** @param policies digest of everything that `judge` judges by */
  return (policies: string, judge: Judge): JudgeOfRecorded =>
    async (question, input) => {
      const key = hash('sha256', `${policies} ${input} ${question.path}`)
      const judgement = known.get(key) ?? (await judge(question))
      known.delete(key)
      if (judgement.verdict !== 'trouble') known.set(key, judgement)
      const [oldest] = known.keys()
      if (known.size > most && oldest !== undefined) known.delete(oldest)
      return judgement
    }
}
