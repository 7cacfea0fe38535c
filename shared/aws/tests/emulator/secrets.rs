//! The secrets of identity providers, as Secrets Manager keeps them.

use smart_aws::emulator;

#[tokio::test]
async fn a_secret_is_read_by_its_name_and_what_is_none_is_said_by_name() {
    let sdk = emulator::sdk().await.unwrap();
    let client = aws_sdk_secretsmanager::Client::new(sdk.config());
    let name = format!("smart/{}", std::process::id());
    let made = client.create_secret().name(&name).secret_string("s3cret of ours\n").send().await.unwrap();
    let arn = made.arn().unwrap();
    for known in [&name, arn] {
        assert_eq!(sdk.secret(known).await.unwrap(), "s3cret of ours");
    }
    let told = sdk.secret("smart/nowhere").await.unwrap_err().to_string();
    assert_eq!(told, "the secret smart/nowhere: ResourceNotFoundException");
    client.put_secret_value().secret_id(&name).secret_string(" \n").send().await.unwrap();
    let told = sdk.secret(&name).await.unwrap_err().to_string();
    assert_eq!(told, format!("the secret {name}: it holds no text"));
    client.delete_secret().secret_id(&name).force_delete_without_recovery(true).send().await.unwrap();
}
