const { PolicyPack } = require("@pulumi/policy");

new PolicyPack("engine-test", {
  policies: [
    {
      name: "owned",
      description: "every namespace names its owner",
      enforcementLevel: "mandatory",
      validateResource: (args, report) => {
        if (args.type === "kubernetes:core/v1:Namespace" && !args.props.metadata?.labels?.owner) report("label owner is missing");
      },
    },
  ],
});
