// Conversations with language models: asked as oneself, written whether or not one still listens, and kept for oneself.
import { loadSdk } from '../../../drivers/ai/index.ts'
import { type Asking, createAsking } from './service/asking.ts'
import { type Choosing, createChoosing } from './service/choosing.ts'
import { createChosen } from './service/chosen.ts'
import { type Conversing, createConversing } from './service/conversing.ts'
import { createFollowing } from './service/following.ts'
import type { AiParts } from './service/parts.ts'
import { createRunning, type Running } from './service/running.ts'
import { createShowing, type Showing } from './service/showing.ts'
import { createUpkeep, type Upkeep } from './service/upkeep.ts'

export interface Ai extends Asking, Choosing, Conversing, Showing, Upkeep, Pick<Running, 'drain'> {
  /** How many answers this process is writing. */
  writing(): number
}

export function createAi(given: AiParts): Ai {
  const parts = { ...given, following: createFollowing(given), chosenBy: createChosen(given) }
  const running = createRunning(parts)
  parts.metrics.gauge('aiWriting', () => [[running.size(), {}]])
  if (!parts.directory.isEmpty) {
    // Before somebody waits for it.
    void loadSdk()
    void parts.directory.list()
  }
  return {
    ...createAsking(parts, running),
    ...createChoosing(parts),
    ...createConversing(parts),
    ...createShowing(parts),
    ...createUpkeep(parts),
    drain: running.drain,
    writing: running.size,
  }
}
