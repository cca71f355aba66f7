/**
 * Pulumi's SDK tells the engine of each step of each resource, one message after the other's answer, and the engine throws them away
 * but under `pulumi --debug`, which shows secrets in clear in some of them. That took a program longer than the registrations. With PULUMI_DEBUG_PROMISE_LEAKS, the SDK's own
 * switch for finding out what it does, they are sent.
 */
import { log } from "@pulumi/pulumi";

if (!process.env.PULUMI_DEBUG_PROMISE_LEAKS) {
  // The SDK's own modules look it up here for each message.
  (log as { debug: typeof log.debug }).debug = () => Promise.resolve();
}
