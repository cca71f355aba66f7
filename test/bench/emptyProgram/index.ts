/** A Pulumi program that makes nothing: what any program takes, as each has to load Pulumi's SDK. */
import "@pulumi/pulumi";
